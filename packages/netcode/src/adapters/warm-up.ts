/**
 * Has the browser load its WebRTC engine, which takes it some 15 ms the first time, and a phone several times that: a page does it while it waits for something. Gathers no address, opens no
 * port and asks nobody. Never rejects; where there is no WebRTC, whoever needs it says so.
 */
export async function warmUpWebRtc(): Promise<void> {
  const connections: RTCPeerConnection[] = [];
  const connection = (): RTCPeerConnection => {
    const made = new RTCPeerConnection();
    connections.push(made);
    return made;
  };
  try {
    const [caller, callee] = [connection(), connection()];
    caller.createDataChannel("");
    await callee.setRemoteDescription(await caller.createOffer());
    await callee.createAnswer();
  } catch {
    // Nothing is lost.
  } finally {
    for (const each of connections) each.close();
  }
}
