import type { Transmit } from "../ports/session.ts";
import type { ChecksumWatch } from "./checksum-watch.ts";
import type { Departures } from "./departures.ts";
import type { FeedServer } from "./feed-server.ts";
import type { FrameRunner } from "./frame-runner.ts";
import type { InputExchange } from "./input-exchange.ts";
import type { Outbox } from "./outbox.ts";
import type { RemotePeer } from "./remote-peer.ts";
import type { RemotePeers } from "./remote-peers.ts";
import type { SessionClock, SessionStatus } from "./session-status.ts";

/** A datagram at least so often while no frame is simulated: at half, an idle match costs double; at double, a lost one is noticed late. */
const SEND_INTERVAL_MS = 50;
/** After the end, what a peer lacks is repeated unasked for so long. */
const LINGER_MS = 2000;

export interface MatchSenderOptions {
  readonly clock: SessionClock;
  readonly status: SessionStatus;
  readonly remotes: RemotePeers;
  readonly departures: Departures;
  readonly exchange: InputExchange;
  readonly runner: FrameRunner;
  readonly checksums: ChecksumWatch;
  readonly feed: FeedServer;
  readonly outbox: Outbox;
}

/** What goes out, in the order of its weight: votes, inputs, what checksums led to, and what followers get. */
export class MatchSender {
  readonly #options: MatchSenderOptions;

  constructor(options: MatchSenderOptions) {
    this.#options = options;
  }

  poll(): Transmit | undefined {
    const { clock, status, remotes, departures, exchange, checksums, feed, outbox } = this.#options;
    for (const remote of remotes.list) {
      const vote = departures.pollVote(remote.member, clock.observedMs);
      if (vote !== undefined) return outbox.transmit(remote.endpoint.peerId, "reliable", vote);
      if (!remote.sendDue || status.isOut || departures.isFrozen(remote.member)) continue;
      remote.sendDue = false;
      remote.sentMs = clock.nowMs;
      outbox.writer.reset();
      exchange.write(outbox.writer, remote, clock, status.endedMs !== undefined && !this.#lingersFor(remote));
      return outbox.datagram(remote.endpoint.peerId);
    }
    if (status.isDropped) return undefined;
    const message = checksums.pollMessage();
    return message === undefined ? feed.pollTransmit() : outbox.transmit(message.to, "reliable", message.bytes);
  }

  /** When somebody is to hear from us, at the latest. */
  pollTimeoutMs(): number {
    const { status, feed, remotes } = this.#options;
    if (status.isOut) return Number.POSITIVE_INFINITY;
    let deadlineMs = feed.pollTimeoutMs();
    for (const remote of remotes.list) {
      if (this.#owes(remote)) deadlineMs = Math.min(deadlineMs, remote.sentMs + SEND_INTERVAL_MS);
    }
    return deadlineMs;
  }

  /** Everybody gets a datagram: there is something new. */
  sendAll(): void {
    for (const remote of this.#options.remotes.list) remote.sendDue = true;
  }

  sendOverdue(): void {
    const { clock, remotes } = this.#options;
    for (const remote of remotes.list) {
      if (clock.nowMs >= remote.sentMs + SEND_INTERVAL_MS && this.#owes(remote)) remote.sendDue = true;
    }
  }

  /** True while `remote` is to hear from us at least every `SEND_INTERVAL_MS`. */
  #owes(remote: RemotePeer): boolean {
    const { status, departures } = this.#options;
    if (departures.isFrozen(remote.member)) return false;
    return status.endedMs === undefined || remote.replyDue || this.#lingersFor(remote);
  }

  /** True while `remote` lacks inputs of ours shortly after the end, or has not told that it ended, too: it says so once, unless it is asked again. */
  #lingersFor(remote: RemotePeer): boolean {
    const { clock, status, runner } = this.#options;
    const isComplete = Math.min(remote.endpoint.ackedFrame, remote.confirmedFrame) >= runner.confirmedFrame;
    return !isComplete && clock.nowMs < (status.endedMs ?? Number.NEGATIVE_INFINITY) + LINGER_MS;
  }
}
