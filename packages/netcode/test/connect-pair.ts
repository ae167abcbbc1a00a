/** Two connected peer connections of one page, with a channel of the game's own on them. */
export async function connectPair(): Promise<[RTCPeerConnection, RTCPeerConnection]> {
  const [first, second] = [new RTCPeerConnection(), new RTCPeerConnection()];
  first.addEventListener("icecandidate", ({ candidate }) => void (candidate && second.addIceCandidate(candidate)));
  second.addEventListener("icecandidate", ({ candidate }) => void (candidate && first.addIceCandidate(candidate)));
  // Without one the connection has nothing to carry channels.
  const channel = first.createDataChannel("game");
  await first.setLocalDescription();
  await second.setRemoteDescription(first.localDescription ?? { type: "offer" });
  await second.setLocalDescription();
  await first.setRemoteDescription(second.localDescription ?? { type: "answer" });
  if (channel.readyState !== "open") await new Promise((resolve) => channel.addEventListener("open", resolve, { once: true }));
  return [first, second];
}
