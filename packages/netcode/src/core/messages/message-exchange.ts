import { assert } from "../base/assert.ts";
import type { MessageType, MessageTypes } from "../base/message-type.ts";
import { isSequenceNewer, nextSequence, sequenceOf, type Sequence } from "../base/sequence.ts";
import { TokenBucket } from "../base/token-bucket.ts";
import type { PeerId } from "../base/units.ts";
import { decodeFields, encodeMessage, parseMessageHeader, type MessagePayload } from "./message-codec.ts";

/** Why a message that came was refused. */
export type MessageRefusal =
  | "malformed"
  | "unknown-message" // an index that nothing is declared for
  | "wrong-channel" // reliable where unreliable was declared, or the other way round
  | "too-many" // more than the declared rate, and what an outage may hold back
  | "stale"; // of a kind of which only the latest counts: overtaken

/** What became of `encode`. */
export type EncodedMessage =
  | { readonly ok: true; readonly channel: "reliable" | "unreliable"; readonly bytes: Uint8Array }
  | { readonly ok: false; readonly reason: "rate-limited" }
  | { readonly ok: false; readonly reason: "invalid"; readonly expected: string };

export interface ReceivedMessage {
  readonly name: string;
  readonly payload: MessagePayload;
}

interface Declared {
  readonly name: string;
  readonly index: number;
  readonly type: MessageType;
  readonly bucket: TokenBucket;
  sequence: Sequence;
}

/** What one peer sent of one kind. */
interface Heard {
  readonly bucket: TokenBucket;
  newest: Sequence | undefined;
}

/** What an honest sender may have had to hold back: reliable messages through the longest outage of a link, unreliable ones through a stall. They come at once. */
const HELD_BACK_S = { reliable: 25, unreliable: 3 } as const;

/**
 * The declared messages of a game, to bytes and back, in both directions within their rates. It sends nothing: a message is encoded once and goes to whomever
 * it is for.
 */
export class MessageExchange {
  readonly #byName = new Map<string, Declared>();
  readonly #byIndex = new Map<number, Declared>();
  readonly #heard = new Map<PeerId, Map<number, Heard>>();
  readonly #refusals = new Map<MessageRefusal, number>();

  /** Indexes follow the order of `types`. `builtIn`: the library's own, by index, under names that no game can use. */
  constructor(types: MessageTypes, builtIn: readonly (readonly [index: number, name: string, type: MessageType])[] = []) {
    for (const [index, [name, type]] of Object.entries(types).entries()) this.#declare(index, name, type);
    for (const [index, name, type] of builtIn) this.#declare(index, name, type);
  }

  /** A name that is not declared is the caller's bug. */
  encode(nowMs: number, name: string, payload: MessagePayload): EncodedMessage {
    const declared = this.#byName.get(name);
    assert(declared !== undefined, `a message that the game declares, got "${name}"`);
    const { index, type } = declared;
    const isReliable = type.delivery === "reliable";
    const bytes = encodeMessage({ index, sequence: isReliable ? undefined : declared.sequence }, type.fields, payload);
    if (typeof bytes === "string") return { ok: false, reason: "invalid", expected: bytes };
    if (!declared.bucket.take(nowMs)) return { ok: false, reason: "rate-limited" };
    declared.sequence = nextSequence(declared.sequence);
    return { ok: true, channel: isReliable ? "reliable" : "unreliable", bytes };
  }

  /** A message that anybody may have sent; `undefined` when it is refused, which is counted. */
  decode(nowMs: number, from: PeerId, channel: "reliable" | "unreliable", bytes: Uint8Array): ReceivedMessage | undefined {
    const header = parseMessageHeader(bytes);
    if (header === undefined) return this.#refuse("malformed");
    const declared = this.#byIndex.get(header.index);
    if (declared === undefined) return this.#refuse("unknown-message");
    const { name, type } = declared;
    const wanted = type.delivery === "reliable" ? "reliable" : "unreliable";
    if (channel !== wanted || (header.sequence === undefined) !== (wanted === "reliable")) return this.#refuse("wrong-channel");
    const heard = this.#heardOf(from, declared);
    if (!heard.bucket.take(nowMs)) return this.#refuse("too-many");
    const payload = decodeFields(type.fields, header.fields);
    if (payload === undefined) return this.#refuse("malformed");
    if (type.delivery === "latest" && header.sequence !== undefined) {
      const sequence = sequenceOf(header.sequence);
      if (heard.newest !== undefined && !isSequenceNewer(sequence, heard.newest)) return this.#refuse("stale");
      heard.newest = sequence;
    }
    return { name, payload };
  }

  /** The peer is gone, or is another process now: its sequences begin anew. */
  forget(peerId: PeerId): void {
    this.#heard.delete(peerId);
  }

  /** Messages refused, by reason. */
  refusals(): Readonly<Record<string, number>> {
    return Object.fromEntries(this.#refusals);
  }

  #declare(index: number, name: string, type: MessageType): void {
    const declared = { name, index, type, bucket: new TokenBucket(type.rateHz, type.burst), sequence: sequenceOf(0) };
    this.#byName.set(name, declared);
    this.#byIndex.set(index, declared);
  }

  #heardOf(from: PeerId, { index, type }: Declared): Heard {
    const ofPeer = this.#heard.get(from) ?? new Map<number, Heard>();
    this.#heard.set(from, ofPeer);
    let heard = ofPeer.get(index);
    if (heard === undefined) {
      const heldBackS = HELD_BACK_S[type.delivery === "reliable" ? "reliable" : "unreliable"];
      // Our clocks differ a little, and so does what either counts as a second.
      heard = { bucket: new TokenBucket(type.rateHz * 1.2, type.burst + Math.ceil(type.rateHz * heldBackS)), newest: undefined };
      ofPeer.set(index, heard);
    }
    return heard;
  }

  #refuse(reason: MessageRefusal): undefined {
    this.#refusals.set(reason, (this.#refusals.get(reason) ?? 0) + 1);
    return undefined;
  }
}
