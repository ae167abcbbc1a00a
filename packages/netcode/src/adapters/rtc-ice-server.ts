import type { IceServer } from "../core/ports/lobby-protocol.ts";

/** An ICE server as the browser takes it: its types want a list that they could change. */
export function toRtcIceServer({ urls, ...credentials }: IceServer): RTCIceServer {
  return { ...credentials, urls: [...urls] };
}
