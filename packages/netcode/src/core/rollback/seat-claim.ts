import { ByteWriter, type ByteReader } from "../base/bytes.ts";
import type { PeerId } from "../base/units.ts";
import type { SessionPlayer, Transmit } from "../ports/session.ts";
import { FEED_ACK_BYTES_MAX, SEAT_REQUEST_BYTES, writeFeedAck, writeSeatRequest } from "../wire/follow-codec.ts";
import { FEED_ROWS_BYTES_MAX, FeedHeader, readFeed, type FeedLayout } from "./feed-datagram.ts";
import { SEAT_LEAD_FRAMES } from "../wire/limits.ts";
import type { MatchFollower } from "./match-follower.ts";
import { playerBits } from "./timeline-codec.ts";
import type { SeatToPlayerEntry } from "./timeline.ts";

/** Members are asked so often whether they hear us: at half, four a second to seven peers are many; at double, a claim starts a quarter of a second late. */
const PING_INTERVAL_MS = 200;
/** An answer is good for so long. */
const HEARD_MS = 1000;
/** A request that is not granted is repeated: the member may not hear all yet, or somebody is just being dropped. */
const REQUEST_INTERVAL_MS = 250;
/** Level enough to play: what is missing comes while the request is under way. */
const BEHIND_FRAMES_MAX = 12;

export interface SeatClaimOptions extends FeedLayout {
  readonly localPeerId: PeerId;
  readonly hostId: PeerId;
  readonly matchEpoch: number;
  /** The seats as they were before frame 0. */
  readonly players: readonly SessionPlayer[];
  readonly playerIndexes: readonly number[];
  readonly follower: MatchFollower;
}

/**
 * Asks for seats that bots play, on behalf of a follower: once it is level and hears every member, it asks the one of highest rank, until the match's own timeline says that
 * the seats are ours.
 */
export class SeatClaim {
  readonly #options: SeatClaimOptions;
  /** Players by the rank of whoever holds them: the lobby host's first, then by index. */
  readonly #ranked: readonly number[];
  readonly #heardMs = new Map<PeerId, number>();
  readonly #header = new FeedHeader();
  readonly #rows = new Uint8Array(FEED_ROWS_BYTES_MAX);
  readonly #writer = new ByteWriter(new Uint8Array(Math.max(SEAT_REQUEST_BYTES, FEED_ACK_BYTES_MAX)));
  readonly #pings: PeerId[] = [];
  #requestTo: PeerId | undefined;
  #pingedMs = Number.NEGATIVE_INFINITY;
  #requestedMs = Number.NEGATIVE_INFINITY;
  #nowMs = 0;

  constructor(options: SeatClaimOptions) {
    this.#options = options;
    const players = [...options.players.keys()];
    const isHosts = (player: number): boolean => options.players[player]?.peerId === options.hostId;
    this.#ranked = [...players.filter(isHosts), ...players.filter((player) => !isHosts(player))];
  }

  /** The entry that gives us what we asked for, once the frame that carries it was run: members send us their inputs from there on. `undefined` before. */
  granted(): SeatToPlayerEntry | undefined {
    const { localPeerId, follower } = this.#options;
    const { frame } = follower.runner;
    for (const entry of follower.entriesFrom(frame)) {
      if (entry.type !== "seat-to-player" || entry.peerId !== localPeerId) continue;
      if (entry.frame - SEAT_LEAD_FRAMES < frame && follower.behindFrames === 0) return entry;
    }
    return undefined;
  }

  /** A feed datagram of a member that does not feed us, from after kind and epoch: it heard us, and we hear it. Returns why it was refused. */
  handleAnswer(nowMs: number, from: PeerId, reader: ByteReader): string | undefined {
    const header = this.#header;
    if (!readFeed(reader, header, this.#rows, this.#options)) return "malformed";
    // Whom we followed before has not heard yet that we do no more.
    if (header.rowCount > 0) return undefined;
    this.#heardMs.set(from, nowMs);
    if (header.hasReport) this.#options.follower.compare({ from, frame: header.reportFrame, checksum: header.checksum });
    return undefined;
  }

  /** Looks what is due; call with every frame. */
  update(nowMs: number): void {
    this.#nowMs = nowMs;
    const { follower, playerIndexes } = this.#options;
    if (!follower.isStarted) return;
    const { holders } = follower.runner;
    if (nowMs - this.#pingedMs >= PING_INTERVAL_MS) {
      this.#pingedMs = nowMs;
      this.#pings.length = 0;
      for (const holder of new Set(holders)) {
        if (holder !== undefined && holder !== this.#options.localPeerId && holder !== follower.client.feeder) this.#pings.push(holder);
      }
    }
    const isLevel = follower.client.settledFrame - follower.runner.frame < BEHIND_FRAMES_MAX;
    const isFree = playerIndexes.every((player) => holders[player] === undefined);
    if (!isLevel || !isFree || nowMs - this.#requestedMs < REQUEST_INTERVAL_MS) return;
    if (holders.some((holder) => holder !== undefined && !this.#hears(holder))) return;
    this.#requestedMs = nowMs;
    this.#requestTo = holders[this.#ranked.find((player) => holders[player] !== undefined) ?? -1];
  }

  pollTransmit(): Transmit | undefined {
    const { matchEpoch, playerIndexes, follower } = this.#options;
    const writer = this.#writer;
    writer.reset();
    const ping = this.#pings.shift();
    if (ping !== undefined) {
      writeFeedAck(writer, matchEpoch, { timeMs: this.#nowMs, ackedFrame: -1 });
      return { to: ping, channel: "unreliable", bytes: writer.written() };
    }
    const to = this.#requestTo;
    if (to === undefined) return undefined;
    this.#requestTo = undefined;
    const { holders } = follower.runner;
    const heard = [...holders.keys()].filter((player) => this.#hears(holders[player]));
    writeSeatRequest(writer, matchEpoch, {
      players: playerBits(playerIndexes),
      heardPlayers: playerBits(heard),
      rttMs: follower.client.rttMs,
    });
    return { to, channel: "reliable", bytes: writer.written() };
  }

  #hears(peerId: PeerId | undefined): boolean {
    if (peerId === undefined) return false;
    if (peerId === this.#options.follower.client.feeder) return true;
    return this.#nowMs - (this.#heardMs.get(peerId) ?? Number.NEGATIVE_INFINITY) < HEARD_MS;
  }
}
