import { cleanName } from "../screens/player-name.ts";
import { isWholeCode, readInvite, readLobbyCode } from "../screens/lobby-code-text.ts";

/** How much is drawn; `undefined` in the options lets the arena choose. */
export type FxLevel = "off" | "low" | "high";

/** What the address of the page asks for. */
export interface PageOptions {
  /** `?broker=`: where the broker is; default: the page's own origin. */
  readonly broker: string | undefined;
  /** `?name=`: preset of the name, cleaned. */
  readonly name: string | undefined;
  /** `?fx=off|low|high`. */
  readonly fx: FxLevel | undefined;
  /** `#j=CODE`: the lobby to join. */
  readonly code: string | undefined;
  /** `#j=CODE.SECRET~RESERVATION`: the same with the secret of an invite, a reservation, or both, as `joinLobby` takes it. */
  readonly invite: string | undefined;
}

const FX_LEVELS: readonly FxLevel[] = ["off", "low", "high"];

/** Reads the page's address. Nonsense counts as not given. */
export function readPageOptions(address: URL): PageOptions {
  const query = address.searchParams;
  const name = cleanName(query.get("name") ?? "");
  const code = /[#&]j=/i.test(address.hash) ? readLobbyCode(address.hash) : "";
  return {
    broker: brokerOf(query.get("broker")),
    name: name === "" ? undefined : name,
    fx: FX_LEVELS.find((level) => level === query.get("fx")),
    code: isWholeCode(code) ? code : undefined,
    invite: code === "" ? undefined : readInvite(address.hash),
  };
}

/**
 * The link that brings others here; `code` with the secret of the invite where we have it. It keeps `?broker=` (others need the same broker) and drops what is personal (`name`, `fx`).
 * `lanHost`: this machine's address in the local network, used when the page itself was opened as `localhost`, which no other device can open.
 */
export function inviteLink(address: URL, code: string, lanHost: string | undefined): string {
  const link = new URL(address.pathname, address.origin);
  const broker = address.searchParams.get("broker");
  if (broker !== null) link.searchParams.set("broker", broker);
  if (lanHost !== undefined && isLoopback(address.hostname)) link.hostname = lanHost;
  link.hash = `j=${code}`;
  return link.href;
}

/** True for a host name that only this machine can open. */
export function isLoopback(hostname: string): boolean {
  return hostname === "localhost" || hostname.endsWith(".localhost") || hostname === "[::1]" || hostname.startsWith("127.");
}

function brokerOf(text: string | null): string | undefined {
  if (text === null || !URL.canParse(text)) return undefined;
  return ["http:", "https:", "ws:", "wss:"].includes(new URL(text).protocol) ? text : undefined;
}
