import { assert, unreachable } from "../base/assert.ts";
import type { Random } from "../base/random.ts";
import type { PeerId } from "../base/units.ts";
import { parseBulkPacket } from "./bulk-codec.ts";
import * as KIND from "./bulk-kind.ts";
import type { BulkLimits } from "./bulk-limits.ts";
import { BulkOutput, type BulkEvent, type BulkRefusal } from "./bulk-output.ts";
import { BulkReceiver, type ReceiveBudget } from "./bulk-receiver.ts";
import { BulkSender, type OutgoingFile } from "./bulk-sender.ts";

export interface BulkExchangeOptions {
  readonly limits: BulkLimits;
  readonly random: Random;
}

interface Party {
  readonly output: BulkOutput;
  readonly sender: BulkSender;
  readonly receiver: BulkReceiver;
  /** `undefined`: none. */
  connection: number | undefined;
  /** The channel did not take anything: it is not asked before this. */
  pausedUntilMs: number;
}

/** What may wait in the channel before an answer is held back. Answers are short. */
const BUFFERED_BYTES_MAX = 8_192;
/** After a channel turned a message away: it may be about to open. */
const PAUSE_MS = 50;

/**
 * Files between this peer and others, on the `bulk` channel of the pair's own connection: offered, accepted or refused, sent in pieces at a pace that
 * leaves room for everything else, taken up again on a new connection, and checked at the end.
 *
 * Call `setConnection` whenever the pair's own connection comes, goes or is replaced; `handlePacket` for what comes on `bulk`; and every few milliseconds
 * drain `pollTransmit` for each peer, then `pollEvent`.
 */
export class BulkExchange {
  readonly #options: BulkExchangeOptions;
  readonly #parties = new Map<PeerId, Party>();
  readonly #budget: ReceiveBudget = { reservedBytes: 0 };
  readonly #events: BulkEvent[] = [];
  readonly #refusals = new Map<BulkRefusal, number>();

  constructor(options: BulkExchangeOptions) {
    this.#options = options;
  }

  /** `connection`: a number that is another one for each new connection; `undefined` while there is none that works. */
  setConnection(nowMs: number, peerId: PeerId, connection: number | undefined): void {
    const party = this.#party(peerId);
    if (party.connection === connection) return;
    party.connection = connection;
    party.pausedUntilMs = -Infinity;
    party.output.said.length = 0;
    if (connection === undefined) return party.sender.disconnect();
    party.receiver.connect();
    party.sender.connect(nowMs);
  }

  /** The peer is no member any more: its transfers end as `gone`. */
  removePeer(peerId: PeerId): void {
    const party = this.#parties.get(peerId);
    if (party === undefined) return;
    this.#parties.delete(peerId);
    party.sender.close();
    party.receiver.close();
  }

  /** Offers a file. The number of the transfer, or `undefined`: too many wait already. */
  send(to: PeerId, file: OutgoingFile): number | undefined {
    const party = this.#party(to);
    return party.sender.add(file, party.connection !== undefined);
  }

  /** Takes an offer. Bytes come as soon as the sender hears of it. */
  accept(from: PeerId, transfer: number): void {
    this.#parties.get(from)?.receiver.accept(transfer);
  }

  /** Ends a transfer: an offer is refused, anything else is cancelled. */
  stop(peerId: PeerId, direction: "out" | "in", transfer: number): void {
    const party = this.#parties.get(peerId);
    if (direction === "out") party?.sender.cancel(transfer);
    else party?.receiver.stop(transfer);
  }

  /** A message of `bulk`. Anybody may have sent it. */
  handlePacket(nowMs: number, from: PeerId, bytes: Uint8Array): void {
    const { output, sender, receiver, connection } = this.#party(from);
    if (connection === undefined) return output.refuse("not-connected");
    const packet = parseBulkPacket(bytes);
    switch (packet.type) {
      case "offer":
        return receiver.handleOffer(nowMs, packet);
      case "accept":
        return sender.handleAccept(packet.transfer, packet.offset);
      case "piece":
        return receiver.handlePiece(nowMs, packet);
      case "ack":
        return sender.handleAck(nowMs, packet);
      case "end":
        return packet.by === "sender"
          ? receiver.handleEnd(packet.transfer, packet.reason)
          : sender.handleEnd(packet.transfer, packet.reason);
      case "malformed":
        return output.refuse("malformed");
      default:
        return unreachable(packet);
    }
  }

  /** The next message for `peerId`, when it may leave now. `bufferedBytes`: what waits in the channel. Call `handleUnsent` when it could not be handed over. */
  pollTransmit(nowMs: number, peerId: PeerId, bufferedBytes: number): Uint8Array | undefined {
    const party = this.#parties.get(peerId);
    if (party?.connection === undefined || nowMs < party.pausedUntilMs) return undefined;
    if (bufferedBytes <= BUFFERED_BYTES_MAX) {
      const said = party.output.said.shift() ?? party.receiver.pollAck(nowMs);
      if (said !== undefined) return said;
    }
    return party.sender.pollPiece(nowMs, bufferedBytes);
  }

  /**
   * The channel did not take what `pollTransmit` gave last. It may not be open yet, and is asked again in a moment. Where pieces flowed already it was closed, and
   * they wait for the next connection.
   */
  handleUnsent(nowMs: number, peerId: PeerId, message: Uint8Array): void {
    const party = this.#parties.get(peerId);
    assert(party !== undefined, "a peer that something was polled for");
    party.output.said.unshift(message);
    party.pausedUntilMs = message[0] === KIND.piece ? Infinity : nowMs + PAUSE_MS;
  }

  pollEvent(): BulkEvent | undefined {
    return this.#events.shift();
  }

  /** True while pieces flow, here or there: then `pollTransmit` wants to be asked every few milliseconds. */
  get isBusy(): boolean {
    for (const { connection, sender, receiver } of this.#parties.values()) {
      if (connection !== undefined && (sender.isBusy || receiver.isBusy)) return true;
    }
    return false;
  }

  /** Wire bytes a second that go to `peerId` at most, now. */
  rate(peerId: PeerId): number {
    return this.#parties.get(peerId)?.sender.rate ?? 0;
  }

  /** True while files can travel to and from `peerId`. */
  isConnected(peerId: PeerId): boolean {
    return this.#parties.get(peerId)?.connection !== undefined;
  }

  /** Bytes of files of others that are announced and not whole. */
  get reservedBytes(): number {
    return this.#budget.reservedBytes;
  }

  /** Messages refused, by reason. */
  refusals(): Readonly<Record<string, number>> {
    return Object.fromEntries(this.#refusals);
  }

  #party(peerId: PeerId): Party {
    let party = this.#parties.get(peerId);
    if (party === undefined) {
      const output = new BulkOutput(peerId, this.#events, this.#refusals);
      const { limits, random } = this.#options;
      const sender = new BulkSender(output, random.integer(0x1_0000));
      party = { output, sender, receiver: new BulkReceiver(output, limits, this.#budget), connection: undefined, pausedUntilMs: -Infinity };
      this.#parties.set(peerId, party);
    }
    return party;
  }
}
