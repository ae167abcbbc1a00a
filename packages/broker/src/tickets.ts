/** Tickets with which a game's own server lets stock PeerJS clients in, as JSON Web Tokens (RFC 7519) by `jose`. */
import { createHash, randomUUID } from "node:crypto";
import { assert, parsePeerId, type PeerId } from "@rollcall/netcode/lobby-protocol";
import { errors, jwtVerify, SignJWT, type JWTPayload } from "jose";
import { SIGNED_LIFE_MS, SIGNING_KEY_UNITS_MIN, type KeyRing, type SigningKey } from "./key-ring.ts";

export interface TicketOptions {
  /** Shared with the broker (`ticketSecret`): at least 32 characters. */
  readonly secret: string;
  /** Who it is for: 1 to 64 letters, digits, `_` and `-`, a letter or digit first. */
  readonly peerId: string;
  /** It has to be used for the first time within this: from a second to a day. Default: five minutes. */
  readonly lifeMs?: number;
}

/** What a ticket says that was made by who has the secret. */
export interface Ticket {
  /** Of exactly these claims: whoever changes a letter needs the secret. URL-safe, 43 characters. */
  readonly id: string;
  readonly peerId: PeerId;
  /** Of the wall clock: until then it may be used for the first time. */
  readonly untilMs: number;
}

/** For whom a ticket is: a secret that also signs other tokens of the game (sessions, say) makes none of them a ticket. */
const AUDIENCE = "rollcall-broker";
const ALGORITHM = "HS256";
/** Of two clocks. At half, a server that is a little ahead makes tickets from the future; at double, they live noticeably longer than they say. */
const CLOCK_SLACK_MS = 10_000;
const DEFAULT_LIFE_MS = 300_000;
/** Three parts in base64url (RFC 7515, section 7.1). Some 250 characters; at half of this, claims of the game's own do not fit beside ours. */
const TICKET_PATTERN = /^(?=.{1,1024}$)[\w-]+\.[\w-]+\.[\w-]+$/;

/** Whether it has the form of a ticket, which no token of a member has. */
export function isTicketText(text: string): boolean {
  return TICKET_PATTERN.test(text);
}

/** Makes out a ticket: for a game's own server that runs on Node. Any other one uses a library for JSON Web Tokens. Rejects with an `AssertionError` that says what was expected. */
export async function createTicket({ secret, peerId, lifeMs = DEFAULT_LIFE_MS }: TicketOptions): Promise<string> {
  assert(secret.length >= SIGNING_KEY_UNITS_MIN, "secret to have at least 32 characters");
  assert(parsePeerId(peerId) !== undefined, "peerId to be 1 to 64 letters, digits, - or _, a letter or digit first");
  assert(lifeMs >= 1_000 && lifeMs <= SIGNED_LIFE_MS, "lifeMs to be a second to a day");
  return new SignJWT()
    .setProtectedHeader({ alg: ALGORITHM, typ: "JWT" })
    .setAudience(AUDIENCE)
    .setSubject(peerId)
    .setJti(randomUUID())
    .setIssuedAt()
    .setExpirationTime(new Date(Date.now() + lifeMs))
    .sign(Buffer.from(secret));
}

/**
 * Reads a ticket that one of `keys` signed, also one that is over: whoever came with it in time may come back with it. `undefined`: anything else, or
 * one that would be good for longer than a key is. Never rejects.
 */
export async function readTicket(text: string, keys: KeyRing, wallMs: number): Promise<Ticket | undefined> {
  for (const key of keys.verifying) {
    const payload = await payloadOf(text, key, wallMs);
    if (payload === undefined) continue;
    const { sub, exp = Infinity } = payload;
    const peerId = parsePeerId(sub);
    const untilMs = exp * 1_000 + CLOCK_SLACK_MS;
    if (peerId === undefined || !(untilMs - wallMs <= SIGNED_LIFE_MS + 2 * CLOCK_SLACK_MS)) return undefined;
    // Of what is signed: the signature's own last letter has bits that do not count, so that a ticket has several writings.
    return {
      id: createHash("sha256")
        .update(text.slice(0, text.lastIndexOf(".")))
        .digest("base64url"),
      peerId,
      untilMs,
    };
  }
  return undefined;
}

async function payloadOf(text: string, key: SigningKey, wallMs: number): Promise<JWTPayload | undefined> {
  try {
    const { payload } = await jwtVerify(text, key.bytes, {
      algorithms: [ALGORITHM],
      audience: AUDIENCE,
      requiredClaims: ["sub", "exp"],
      clockTolerance: CLOCK_SLACK_MS / 1_000,
      currentDate: new Date(wallMs),
    });
    return payload;
  } catch (error) {
    // Signed, and all else is as it should be: this is looked at last.
    return error instanceof errors.JWTExpired ? error.payload : undefined;
  }
}
