/** What ICE may use in one attempt. */
export interface IceRung {
  readonly iceServers: readonly RTCIceServer[];
  readonly iceTransportPolicy: RTCIceTransportPolicy;
}

type TurnTransport = "udp" | "tcp" | "tls";

const TRANSPORTS: readonly TurnTransport[] = ["udp", "tcp", "tls"];

/** True where one of `servers` relays. */
export function hasTurn(servers: readonly RTCIceServer[]): boolean {
  return servers.some(({ urls }) => listOf(urls).some((url) => transportOf(url) !== undefined));
}

/**
 * What attempt number `failures` (counted from 0, of those whose addresses did not reach each other) uses: first all that is configured, then relays alone, over UDP,
 * TCP and TLS as far as there are any, then all again. An attempt with few addresses is not slowed by checks that cannot succeed, nor by a relay that half works.
 */
export function iceRung(servers: readonly RTCIceServer[], policy: RTCIceTransportPolicy, failures: number): IceRung {
  const rungs: IceRung[] = [{ iceServers: servers, iceTransportPolicy: policy }];
  for (const transport of TRANSPORTS) {
    const relays = servers.flatMap((server): RTCIceServer[] => {
      const urls = listOf(server.urls).filter((url) => transportOf(url) === transport);
      return urls.length === 0 ? [] : [{ ...server, urls }];
    });
    if (relays.length > 0) rungs.push({ iceServers: relays, iceTransportPolicy: "relay" });
  }
  return rungs[failures % rungs.length] ?? { iceServers: servers, iceTransportPolicy: policy };
}

/** How one talks to a TURN server of this URL (RFC 7065 §3.1); `undefined` for any other. */
function transportOf(url: string): TurnTransport | undefined {
  if (url.startsWith("turns:")) return "tls";
  if (!url.startsWith("turn:")) return undefined;
  return /[?&]transport=tcp\b/i.test(url) ? "tcp" : "udp";
}

function listOf(urls: string | readonly string[]): readonly string[] {
  return typeof urls === "string" ? [urls] : urls;
}
