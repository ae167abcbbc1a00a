/** Tickets that nobody should have to read: signed nonsense, and sense with another signature. */
import { createHmac } from "node:crypto";
import { Random } from "@rollcall/netcode/core";
import { parsePeerId } from "@rollcall/netcode/lobby-protocol";
import { expect, test } from "vitest";
import { IS_DEEP } from "../../../scripts/deep.ts";
import { KeyRing } from "../src/key-ring.ts";
import { isTicketText, readTicket } from "../src/tickets.ts";
import { broken } from "./fuzz-damage.ts";
import { pick } from "./pick.ts";

const FRAMES = IS_DEEP ? 300_000 : 3_000;
const SECRET = "a secret that a game's server shares with the broker";
const NOW_MS = Date.parse("2026-12-01T12:00:00Z");
const atSeconds = NOW_MS / 1_000;

const HEADERS = ['{"alg":"HS256"}', '{"alg":"HS256","typ":"JWT","kid":"k"}'];
const ODD_HEADERS = [
  '{"alg":"none"}',
  '{"alg":"HS512"}',
  '{"alg":"hs256"}',
  '{"alg":"HS256","b64":false,"crit":["b64"]}',
  "{}",
  "[]",
  "null",
];

function claims(random: Random): string {
  const all = {
    aud: pick(random, ["rollcall-broker", ["rollcall-broker"], ["another", "rollcall-broker"]]),
    sub: pick(random, ["ada", "bob-2", "x".repeat(64)]),
    exp: atSeconds + 1 + random.integer(86_400),
    ...(random.chance(0.3) ? { nbf: atSeconds - random.integer(99), iat: atSeconds, jti: `${random.uint32()}` } : {}),
  };
  return JSON.stringify(all);
}

const encode = (text: string): string => Buffer.from(text).toString("base64url");
const signed = (input: string, secret: string): string => `${input}.${createHmac("sha256", secret).update(input).digest("base64url")}`;

/** As RFC 7515 and our rule have it, without the library: whoever reads more than this reads too much. */
function isSound(text: string, peerId: string): boolean {
  const [header = "", payload = "", signature = ""] = text.split(".");
  const mac = createHmac("sha256", SECRET).update(`${header}.${payload}`).digest();
  const { alg } = JSON.parse(Buffer.from(header, "base64url").toString()) as { readonly alg?: unknown };
  const { aud, sub, exp } = JSON.parse(Buffer.from(payload, "base64url").toString()) as Readonly<Record<string, unknown>>;
  const isForUs = aud === "rollcall-broker" || (Array.isArray(aud) && aud.includes("rollcall-broker"));
  const isInTime = typeof exp === "number" && exp <= atSeconds + 86_410;
  return (
    mac.equals(Buffer.from(signature, "base64url")) && alg === "HS256" && isForUs && isInTime && sub === peerId && parsePeerId(sub) === sub
  );
}

test(`[AB40] ${FRAMES.toLocaleString("en")} tickets by grammar and by bytes: what is of the grammar is read, nothing else is, and none rejects`, async () => {
  const random = new Random(40, "tickets");
  const keys = KeyRing.of(SECRET);
  const count = { whole: 0, read: 0, refused: 0 };
  for (let index = 0; index < FRAMES; index++) {
    const kind = random.integer(5);
    const header = kind === 1 ? pick(random, ODD_HEADERS) : pick(random, HEADERS);
    const payload = kind === 2 ? broken(random, claims(random)).slice(0, 600) : claims(random);
    const whole = signed(`${encode(header)}.${encode(payload)}`, kind === 3 ? `${SECRET}.` : SECRET);
    const text = kind === 4 ? broken(random, whole) : whole;
    const ticket = isTicketText(text) ? await readTicket(text, keys, NOW_MS) : undefined;
    if (kind === 0) count.whole++;
    count[ticket === undefined ? "refused" : "read"]++;
    const what = `ticket ${index}: ${text}`;
    if (kind === 0 && ticket === undefined) throw new Error(`refused although it is of the grammar: ${what}`);
    if (ticket !== undefined && !isSound(text, ticket.peerId)) throw new Error(`read although it is none: ${what}`);
  }
  for (const happened of Object.values(count)) expect(happened).toBeGreaterThan(FRAMES / 10);
});
