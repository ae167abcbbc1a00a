import type { Json } from "@rollcall/netcode/lobby-protocol";
import type { Signal } from "./signaling-message.ts";

/** A candidate line (RFC 8839 section 5.1): foundation, component, transport, priority, address, port, "typ", type. The groups catch its type and what follows. */
const CANDIDATE_PATTERN = /^(?:a=)?candidate:\S+ \S+ \S+ \S+ \S+ \S+ typ (\S+)(.*)$/i;
/** The same anywhere in a text. */
const ANY_CANDIDATE_PATTERN = /candidate:\S{1,64} \S+ \S+ \S+ \S+ \S+ typ (\w+)/gi;
/** No description, but bytes of a link that repairs its connection by way of the broker. */
const PACKET_PATTERN = /^[A-Za-z0-9_-]+$/;
const RELATED_PATTERN = / raddr \S+ rport \S+/i;
const CONNECTION_PATTERN = /^c=IN (IP[46]) .*$/i;

/**
 * A signal as it may reach another member of a relay-only lobby: the pages leave their own addresses out, and this is for the page that does not.
 * `undefined` when it names an address that is not a relay's. What a relay candidate and its description say of the address behind it is blanked.
 */
export function withoutAddresses(signal: Signal): Signal | undefined {
  if (signal.type === "LEAVE") return signal;
  const field = signal.type === "CANDIDATE" ? "candidate" : "sdp";
  const { payload } = signal;
  const holder = isFields(payload) ? payload[field] : undefined;
  const text = isFields(holder) ? holder[field] : undefined;
  if (!isFields(payload) || !isFields(holder) || typeof text !== "string") return undefined;
  const clean = field === "candidate" ? cleanCandidate(text) : cleanDescription(text);
  return clean === undefined ? undefined : { ...signal, payload: { ...payload, [field]: { ...holder, [field]: clean } } };
}

/** An empty candidate says that there are no more. */
function cleanCandidate(line: string): string | undefined {
  if (line.trim() === "") return line;
  const [, type = "", rest = ""] = CANDIDATE_PATTERN.exec(line) ?? [];
  if (type.toLowerCase() !== "relay") return undefined;
  return line.slice(0, line.length - rest.length) + rest.replace(RELATED_PATTERN, " raddr 0.0.0.0 rport 0");
}

function cleanDescription(sdp: string): string | undefined {
  if (PACKET_PATTERN.test(sdp)) return exposesAddress(Buffer.from(sdp, "base64url").toString("latin1")) ? undefined : sdp;
  const lines: string[] = [];
  for (const line of sdp.split(/\r\n|\r|\n/)) {
    const isCandidate = /^a=\s*(?:remote-)?candidate/i.test(line);
    const clean = isCandidate ? cleanCandidate(line) : line.replace(CONNECTION_PATTERN, (_, version: string) => blankAddress(version));
    if (clean === undefined) return undefined;
    lines.push(clean);
  }
  return lines.join("\r\n");
}

/** Descriptions and candidates stand in a link's packet as they are. It is passed on whole or not at all: the lengths in it are the sender's. */
function exposesAddress(packet: string): boolean {
  return [...packet.matchAll(ANY_CANDIDATE_PATTERN)].some(([, type = ""]) => type.toLowerCase() !== "relay");
}

/** The address of the default candidate. Browsers connect by candidates, and write this one where they have none yet. */
function blankAddress(version: string): string {
  return version.toUpperCase() === "IP6" ? "c=IN IP6 ::" : "c=IN IP4 0.0.0.0";
}

function isFields(value: Json | undefined): value is { readonly [key: string]: Json } {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}
