import { isDeepStrictEqual } from "node:util";
import type { IncomingMessage } from "node:http";
import { Random } from "@rollcall/netcode/core";
import {
  encodeBrokerFrame,
  encodeRoster,
  normalizeLobbyCode,
  parseBrokerFrame,
  parseBrokerMessage,
  parseChallengeMessage,
  parseListMessage,
  parseMemberMessage,
  parsePeerId,
  parseRoster,
  ROSTER_HEADER,
} from "@rollcall/netcode/lobby-protocol";
import { showsToken } from "../src/access-token.ts";
import { addressKey, clientAddress } from "../src/client-address.ts";
import { parseIceServers } from "../src/ice-servers.ts";
import { LobbySeal } from "../src/lobby-seal.ts";
import { normalizeOrigin, OriginPolicy } from "../src/origin-policy.ts";
import { cleanName } from "../src/profile.ts";
import { withoutAddresses } from "../src/relay-only.ts";
import { createSecrets } from "../src/secrets.ts";
import { parseSignalingMessage } from "../src/signaling-message.ts";
import { isSignalingProof } from "../src/signaling-proof.ts";
import { pathParts } from "../src/static-files.ts";
import { broken, brokenBytes } from "./fuzz-damage.ts";
import { brokerFrame, challengeFrame, headerText, listFrame, memberFrame, NO_NAMES, signalingFrame } from "./fuzz-frames.ts";
import { pick } from "./pick.ts";
import { TestLobby } from "./lobby-fixture.ts";
import { PageKey } from "./page-key.ts";

/** How many it read, and how many it refused. */
export interface FuzzCount {
  read: number;
  refused: number;
}

interface Target {
  /** Of the grammar: `parse` reads it. */
  readonly valid: (random: Random) => string;
  /** Whether it was read. Throws when something is wrong with what it read. `isWhole`: it is of the grammar. */
  readonly parse: (text: string, isWhole: boolean) => boolean;
}

const page = new PageKey();
const secrets = createSecrets("a signing key of this test, long enough");
const seal = new LobbySeal("a signing key of this test, long enough", () => 1_000_000);
const keepsake = seal.seal(new TestLobby().record) ?? "";
const origins = [new OriginPolicy(undefined), new OriginPolicy(["https://play.example"])];

type Parse = (text: string) => { readonly ok: boolean; readonly value?: unknown };

/** What was read is of the protocol: written and read again it is the same. Of a whole frame nothing was left out; `meant`: what it says, of what is not just read. */
function isStable(text: string, isWhole: boolean, parse: Parse, meant: (said: unknown) => unknown = (said) => said): boolean {
  const parsed = parse(text);
  if (!parsed.ok) return false;
  if (isWhole && !isDeepStrictEqual(parsed.value, meant(JSON.parse(text)))) throw new Error("what was read is not what was said");
  const again = parse(JSON.stringify(parsed.value));
  if (!again.ok || !isDeepStrictEqual(again.value, parsed.value)) throw new Error("what was read is not what is read again");
  return true;
}

function signatureOf(proof: string): Buffer {
  const { signature } = JSON.parse(proof) as { readonly signature: string };
  return Buffer.from(signature, "base64url");
}

function headersRead(text: string): boolean {
  const headers = { "x-forwarded-for": text, "x-forwarded-host": text, origin: text, host: text, authorization: text };
  const partial: Partial<IncomingMessage> = { headers };
  const request = { ...partial, socket: { remoteAddress: text } } as unknown as IncomingMessage;
  for (const hops of [0, 1, 3]) {
    const address = clientAddress(request, hops);
    if (address !== "unknown" && !/^[0-9a-f:.]+(?:\/64)?$/.test(address)) throw new Error(`counts as ${address}`);
  }
  for (const policy of origins) policy.allows(request, true);
  if (showsToken(request, "a token that nobody has")) throw new Error("opened by chance");
  const parts = pathParts(text);
  if (parts?.some((part) => part === ".." || part.includes("\0"))) throw new Error("leads out");
  return (
    clientAddress(request, 1) !== "unknown" ||
    [parts, addressKey(text), normalizeOrigin(text), parseIceServers(text)].some((found) => found !== undefined) ||
    /^B(?:earer|asic) /.test(text)
  );
}

const TARGETS: Readonly<Record<string, Target>> = {
  "lobby commands": {
    valid: (random) => memberFrame(random, NO_NAMES),
    parse: (text, isWhole) => isStable(text, isWhole, parseMemberMessage),
  },
  "signaling messages": {
    valid: (random) => signalingFrame(random, NO_NAMES),
    parse: (text, isWhole) => {
      const parsed = parseSignalingMessage(text);
      if (parsed.ok && parsed.value.type !== "HEARTBEAT" && parsed.value.dst !== undefined) {
        const { dst, ...rest } = parsed.value;
        const clean = withoutAddresses({ ...rest, dst });
        if (/192\.0\.2\.\d+ 5000 typ (?:host|srflx)/.test(JSON.stringify(clean ?? null))) throw new Error("tells an address");
      }
      return isStable(text, isWhole, parseSignalingMessage, signalSaid);
    },
  },
  "messages about the list": {
    valid: (random) => listFrame(random, NO_NAMES),
    parse: (text, isWhole) => isStable(text, isWhole, parseListMessage),
  },
  "answers to who asked for a challenge": {
    valid: challengeFrame,
    parse: (text, isWhole) => {
      const parsed = parseChallengeMessage(text);
      // A password is computed with it.
      if (parsed.ok && parsed.value.ok && Buffer.from(parsed.value.result.salt, "base64url").length !== 16) throw new Error("no salt");
      return isStable(text, isWhole, parseChallengeMessage);
    },
  },
  "messages of a broker": {
    valid: (random) => brokerFrame(random, NO_NAMES),
    parse: (text, isWhole) => isStable(text, isWhole, parseBrokerMessage),
  },
  proofs: {
    valid: () => PROOF,
    parse: (text) => {
      const isRead = isSignalingProof(text, page.peerId, NONCE);
      // One signature has many writings: JSON's, and the last letter of base64url has bits that do not count.
      if (isRead && !signatureOf(text).equals(signatureOf(PROOF))) throw new Error("a proof that nobody made");
      return isRead;
    },
  },
  keepsakes: {
    valid: () => keepsake,
    parse: (text) => {
      const isRead = seal.open(text).ok;
      // base64url ignores what is no letter of it.
      if (isRead && !Buffer.from(text, "base64url").equals(Buffer.from(keepsake, "base64url"))) throw new Error("a seal that nobody made");
      return isRead;
    },
  },
  rosters: {
    valid: () => ROSTER,
    parse: (text) => {
      const found = parseRoster(text, ROSTER_KEYS);
      if (typeof found === "string") return false;
      const payload = Buffer.from(encodeRoster(found.roster)).toString("base64url");
      if (!text.includes(`.${payload}.`)) throw new Error("a roster that is written otherwise");
      return true;
    },
  },
  headers: { valid: headerText, parse: headersRead },
  "names, codes and ids": {
    valid: (random) => (random.chance(0.5) ? "kxr-tm" : "Zo\u00eb \u{1f469}\u200d\u{1f680}"),
    parse: (text) => {
      const name = cleanName(text);
      if (name.length > 64 || cleanName(name) !== name || /[\p{Cc}\u202a-\u202e\u2066-\u2069]/u.test(name))
        throw new Error("a name that is not clean");
      const peerId = parsePeerId(text);
      if (peerId !== undefined) secrets.isSignalingToken(peerId, text);
      const code = normalizeLobbyCode(text);
      if (code !== undefined && normalizeLobbyCode(code) !== code) throw new Error("a code that reads otherwise");
      return code !== undefined || name === text;
    },
  },
};

/** Who sent a signal is the broker's to say, and what is left out has a meaning. */
function signalSaid(said: unknown): unknown {
  const { src: _src, ...message } = said as { readonly type: string; readonly src?: string };
  const left = message.type === "HEARTBEAT" ? { echo: false } : message.type === "LEAVE" ? { dst: undefined } : {};
  return { ...left, ...message };
}

/** Of nineteen frames. Proofs and keepsakes are mostly arithmetic that is not ours. */
const WEIGHTS: readonly (readonly [string, number])[] = [
  ["lobby commands", 4],
  ["signaling messages", 4],
  ["messages of a broker", 3],
  ["messages about the list", 1],
  ["answers to who asked for a challenge", 1],
  ["headers", 2],
  ["names, codes and ids", 1],
  ["proofs", 1],
  ["keepsakes", 1],
  ["rosters", 1],
];

const NONCE = "n".repeat(22);
const PROOF = JSON.stringify(page.proof(NONCE));
const ROSTER_KEYS = [{ kid: "kidkidki", key: page.key }];
const ROSTER_PEER = { peerId: page.peerId, order: 1, reason: "kicked" as const };
/** Signed by nobody: that is looked at later. */
const ROSTER = [
  Buffer.from(JSON.stringify({ ...ROSTER_HEADER, kid: "kidkidki" })),
  encodeRoster({
    code: "KXRTM",
    life: "lifelifelifelife",
    number: 2 ** 40,
    issuedS: 1,
    expiresS: 2,
    isCertain: true,
    keys: ROSTER_KEYS,
    left: [ROSTER_PEER],
    members: [ROSTER_PEER],
  }),
  new Uint8Array(64),
]
  .map((part) => Buffer.from(part).toString("base64url"))
  .join(".");
const FRAME_PEER = parsePeerId("0123456789abcdef0123456789abcdef");

/** Binary frames: what is read is written the same. */
function fuzzBinary(random: Random, count: FuzzCount): void {
  if (FRAME_PEER === undefined) return;
  const packet = new Uint8Array(1 + random.integer(1_000)).fill(random.integer(256));
  const valid = encodeBrokerFrame({ channel: random.chance(0.5) ? "unreliable" : "reliable", peerId: FRAME_PEER, packet });
  let bytes = Buffer.from(valid ?? []);
  if (random.chance(0.7)) bytes = brokenBytes(random, bytes);
  const frame = parseBrokerFrame(bytes);
  if (frame !== undefined && Buffer.compare(Buffer.from(encodeBrokerFrame(frame) ?? []), bytes) !== 0)
    throw new Error("a frame that is written otherwise");
  count[frame === undefined ? "refused" : "read"]++;
}

/**
 * Gives `frames` frames to the parsers, each to the one that it is of, and a quarter to another too. Throws, with what replays it, when one throws, reads what does not mean the same when it
 * is written again, or takes longer than `frameMsMax`.
 */
export function fuzzParsers(seed: number, frames: number, frameMsMax = Infinity): Readonly<Record<string, FuzzCount>> {
  const random = new Random(seed, "parsers");
  const kinds = WEIGHTS.flatMap(([kind, weight]) => Array.from({ length: weight }, () => [kind, TARGETS[kind]!] as const));
  const counts = Object.fromEntries([...Object.keys(TARGETS), "binary frames"].map((kind) => [kind, { read: 0, refused: 0 }]));
  for (let index = 0; index < frames; index++) {
    const [kind, target] = kinds[index % kinds.length]!;
    const isBroken = random.chance(0.8);
    const whole = target.valid(random);
    const text = isBroken ? broken(random, whole) : whole;
    const own = parseTimed({ target, text, isWhole: !isBroken, frameMsMax }, `${kind}, seed ${seed}, frame ${index}`);
    if (!isBroken && !own) throw new Error(`refused although it is of the grammar: ${kind}, seed ${seed}, frame ${index}: ${text}`);
    counts[kind]![own ? "read" : "refused"]++;
    if (random.chance(0.25)) {
      const [otherKind, other] = pick(random, kinds);
      parseTimed({ target: other, text, isWhole: false, frameMsMax }, `${otherKind}, seed ${seed}, frame ${index} (of ${kind})`);
    }
    if (index % 8 === 0) fuzzBinary(random, counts["binary frames"]!);
  }
  return counts;
}

/** A machine that did something else meanwhile is no fault of the frame: it is timed again. */
function parseTimed(
  {
    target,
    text,
    isWhole,
    frameMsMax,
  }: { readonly target: Target; readonly text: string; readonly isWhole: boolean; readonly frameMsMax: number },
  what: string,
): boolean {
  for (let attempt = 1; ; attempt++) {
    const startedMs = performance.now();
    let isRead: boolean;
    try {
      isRead = target.parse(text, isWhole);
    } catch (error) {
      throw new Error(`${what}: ${String(error)}: ${text.slice(0, 500)}`, { cause: error });
    }
    if (performance.now() - startedMs <= frameMsMax) return isRead;
    if (attempt === 5) throw new Error(`${what}: takes more than ${frameMsMax} ms: ${text.slice(0, 500)}`);
  }
}
