/**
 * One look: a browser asks a STUN server at once, after 0.25 and after 0.75 s, and then ever less often. At half, it costs twice as many connections; at double, a second passes
 * between two questions.
 */
const LOOK_MS = 1_000;

/**
 * Finds out when the network is back, sooner than a socket does, which waits for its turn in the browser and asks ever less often: three packets a second to each of the lobby's STUN servers (`stun:` URLs), as long as `isWanted`.
 * Tells nothing where the browser has a public address. `handleFound` is called for each look that got an answer.
 */
export function lookForNetwork(stunUrls: string[], isWanted: () => boolean, handleFound: () => void): void {
  if (!isWanted()) return;
  let connection: RTCPeerConnection | undefined;
  try {
    connection = new RTCPeerConnection({ iceServers: [{ urls: stunUrls }] });
    connection.createDataChannel("");
    connection.onicecandidate = ({ candidate }) => {
      if (candidate?.type === "srflx" && isWanted()) handleFound();
    };
    connection.setLocalDescription().catch(() => {});
  } catch {
    // Node has none, and Firefox makes none while there is no network at all.
  }
  setTimeout(() => {
    connection?.close();
    lookForNetwork(stunUrls, isWanted, handleFound);
  }, LOOK_MS);
}
