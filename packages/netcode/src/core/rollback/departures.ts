import { ByteWriter, type ByteReader } from "../base/bytes.ts";
import { NULL_FRAME } from "../base/units.ts";
import type { DropCause } from "../ports/session.ts";
import { DROP_VOTE_BYTES_MAX, DropVote, readDropVote, writeDropVote, type TakeColumn, type VoteLayout } from "../wire/drop-vote-codec.ts";
import { INPUT_ROWS_MAX } from "../wire/limits.ts";
import { DropAgreement } from "./drop-agreement.ts";
import type { InputTable } from "./input-table.ts";
import type { RemotePeer } from "./remote-peer.ts";
import type { SessionRoster } from "./session-roster.ts";

/** Silence after which a peer is *suspect*: long enough for 20 % loss and a collected garbage heap, short enough to be told before one wonders. */
export const SUSPECT_MS = 1000;
/** Silence after which a peer may be dropped: at half, a page that loads a scene is lost; at double, everybody waits for the dead for five seconds. */
export const DROP_MS = 2500;
/** The same for a peer that was never heard: it may still be loading, and nobody has begun to play with it. */
export const FIRST_WORD_MS = 5000;
/** The same when the broker saw its socket close, or it said goodbye; also the time since that word. */
export const GONE_DROP_MS = 1000;
/** Votes that are still open are repeated: a rebuilt link may have lost them. */
const REPEAT_MS = 500;

/** Why a vote was refused. */
export type VoteRefusal = "malformed" | "vote-order" | "vote-gap";

export interface DeparturesOptions {
  readonly roster: SessionRoster;
  readonly inputs: InputTable;
  readonly matchEpoch: number;
}

/** The last inputs of a member as somebody's vote brought them: `INPUT_ROWS_MAX` frames up to `lastFrame`, by player. */
interface Tail {
  lastFrame: number;
  readonly rows: Uint8Array;
}

/**
 * Everything about members that go: when one is droppable, the votes to and from the others, and the inputs that somebody else has more of. The decision itself
 * is `DropAgreement`'s, and what follows from it the session's.
 */
export class Departures {
  readonly #inputs: InputTable;
  readonly #roster: SessionRoster;
  readonly #layout: VoteLayout;
  readonly #matchEpoch: number;
  readonly #agreement: DropAgreement;
  readonly #view = { droppable: 0, suspect: 0, words: 0, left: 0, proposes: true, clockMs: 0 };
  /** When the broker's word about each member came; NaN where there is none. */
  readonly #wordMs: Float64Array;
  readonly #votedMs: Float64Array;
  readonly #tails: readonly Tail[];
  readonly #incoming: DropVote = new DropVote();
  readonly #writer: ByteWriter = new ByteWriter(new Uint8Array(0));
  #left = 0;
  #due = 0;
  #droppedFrame: number | undefined;
  /** Since when the others are told that we resigned. */
  #resignedMs: number | undefined;
  #waitingTold = false;

  constructor(options: DeparturesOptions) {
    const { roster, inputs } = options;
    this.#inputs = inputs;
    this.#roster = roster;
    this.#matchEpoch = options.matchEpoch;
    this.#layout = { playersOf: roster.playersOf, inputBytes: inputs.inputBytes };
    const memberCount = roster.peerIds.length;
    this.#agreement = new DropAgreement(memberCount, Math.max(0, roster.localMember));
    this.#wordMs = new Float64Array(memberCount).fill(Number.NaN);
    this.#votedMs = new Float64Array(memberCount).fill(Number.NEGATIVE_INFINITY);
    const tailBytes = INPUT_ROWS_MAX * inputs.inputBytes;
    this.#tails = roster.playersOf.map((players) => ({ lastFrame: NULL_FRAME, rows: new Uint8Array(tailBytes * players.length) }));
  }

  /** True when we hold `member` gone: its packets do not count any more. */
  isFrozen(member: number): boolean {
    return (this.#agreement.own.set & (1 << member)) !== 0;
  }

  /** The first frame that the others play without us; `undefined` while we belong to the match. */
  get droppedFrame(): number | undefined {
    return this.#droppedFrame;
  }

  /** The agreed last frame of a member that `update` returned. */
  lastFrame(member: number): number {
    return this.#agreement.own.lastFrames[member] ?? NULL_FRAME;
  }

  cause(member: number): DropCause {
    return (this.#agreement.own.left & (1 << member)) === 0 ? "lost" : "left";
  }

  /** True once for each time that nobody here may decide. */
  takeWaiting(): boolean {
    const isWaiting = this.#agreement.isWaiting;
    const isNew = isWaiting && !this.#waitingTold;
    this.#waitingTold = isWaiting;
    return isNew;
  }

  handlePeerGone(member: number, cause: DropCause, observedMs: number): void {
    if (Number.isNaN(this.#wordMs[member])) this.#wordMs[member] = observedMs;
    if (cause === "left") this.#left |= 1 << member;
  }

  /**
   * A packet of `member` came. What was under way when the word came proves nothing; a second later it does: the broker was wrong, which
   * knows sockets, not links. A member that was dropped has to be told.
   */
  packetArrived(member: number, observedMs: number): void {
    const bit = 1 << member;
    if (observedMs - (this.#wordMs[member] ?? Number.NaN) >= GONE_DROP_MS) {
      this.#wordMs[member] = Number.NaN;
      this.#left &= ~bit;
    }
    if ((this.#agreement.own.agreed & bit) !== 0) this.#repeat(member, observedMs);
  }

  /** Takes in the vote of `member`, from after its kind and epoch. */
  handleVote(reader: ByteReader, bytes: Uint8Array, member: number): VoteRefusal | undefined {
    const vote = this.#incoming;
    const agreement = this.#agreement;
    const start = reader.offset;
    if (!readDropVote(reader, vote, this.#layout, ignore) || (vote.proposal & (1 << member)) !== 0) return "malformed";
    if (agreement.own.agreed !== 0 && (agreement.own.agreed & (1 << member)) !== 0) return undefined;
    const local = this.#roster.localMember;
    if ((vote.agreed & (1 << local)) !== 0) {
      this.#droppedFrame = (vote.lastFrames[local] ?? NULL_FRAME) + 1;
      return undefined;
    }
    if (!this.isFrozen(member) && this.#hasGap(vote)) return "vote-gap";
    if (!agreement.receive(member, vote)) return "vote-order";
    if (this.isFrozen(member)) return undefined;
    reader.reset(bytes);
    reader.skip(start);
    readDropVote(reader, vote, this.#layout, this.#takeTail);
    if ((agreement.own.agreed & ~vote.agreed) !== 0) this.#due |= 1 << member;
    return undefined;
  }

  /** Looks who is gone, votes, and decides. Returns the members whose end was decided now; their inputs are complete up to `lastFrame`. */
  update(remotes: readonly RemotePeer[], proposes: boolean, observedMs: number): number {
    if (this.#droppedFrame !== undefined) return 0;
    const agreement = this.#agreement;
    const { own } = agreement;
    this.#look(remotes, proposes, observedMs);
    const before = own.set;
    const isChanged = agreement.consider(this.#view);
    if (agreement.hasResigned && observedMs >= (this.#resignedMs ??= observedMs) + DROP_MS)
      this.#droppedFrame = this.#inputs.completeFrame() + 1;
    const entered = own.set & ~before;
    for (const remote of remotes) {
      if ((entered & (1 << remote.member)) !== 0) own.lastFrames[remote.member] = this.#inputs.lastFrame(remote.players[0] ?? 0);
    }
    const decided = agreement.decide();
    if (decided !== 0) this.#complete(decided);
    if (isChanged || decided !== 0) this.#due = this.#others();
    else if (agreement.isOpen) for (const remote of remotes) this.#repeat(remote.member, observedMs);
    return decided;
  }

  /** Writes the vote that `member` is to get now; `undefined` when none. Valid until the next call. */
  pollVote(member: number, observedMs: number): Uint8Array | undefined {
    const bit = 1 << member;
    if ((this.#due & bit) === 0) return undefined;
    this.#due &= ~bit;
    this.#votedMs[member] = observedMs;
    const writer = this.#writer;
    // Most matches never vote: the buffer is made when the first one does.
    writer.reset(writer.remainingBytes + writer.sizeBytes === 0 ? new Uint8Array(DROP_VOTE_BYTES_MAX) : undefined);
    writeDropVote(writer, this.#matchEpoch, this.#agreement.own, this.#layout, this.#readColumn);
    return writer.written();
  }

  #others(): number {
    return ((1 << this.#roster.peerIds.length) - 1) & ~(1 << this.#roster.localMember);
  }

  #repeat(member: number, observedMs: number): void {
    if (observedMs - (this.#votedMs[member] ?? 0) >= REPEAT_MS) this.#due |= 1 << member;
  }

  #look(remotes: readonly RemotePeer[], proposes: boolean, observedMs: number): void {
    const view = this.#view;
    view.droppable = 0;
    view.suspect = 0;
    view.words = 0;
    view.left = this.#left;
    view.proposes = proposes;
    view.clockMs = observedMs;
    for (const { member, endpoint } of remotes) {
      const bit = 1 << member;
      const silentMs = endpoint.silentMs(observedMs);
      const gone = observedMs - (this.#wordMs[member] ?? Number.NaN) >= GONE_DROP_MS && silentMs >= GONE_DROP_MS;
      if (gone) view.words |= bit;
      if (silentMs >= SUSPECT_MS) view.suspect |= bit;
      const isSilent = silentMs >= (endpoint.heard ? DROP_MS : FIRST_WORD_MS);
      const isDeaf = endpoint.deafMs(observedMs) >= (endpoint.ackedFrame >= 0 ? DROP_MS : FIRST_WORD_MS);
      if (gone || isSilent || isDeaf) view.droppable |= bit;
    }
    view.suspect &= ~view.droppable;
  }

  /** True when the tail of somebody gone does not reach back to what we have: an honest one always does. */
  #hasGap(vote: DropVote): boolean {
    return this.#roster.playersOf.some(
      (players, member) =>
        (vote.set & (1 << member)) !== 0 && (vote.lastFrames[member] ?? 0) - INPUT_ROWS_MAX > this.#inputs.lastFrame(players[0] ?? 0),
    );
  }

  /** Gives those who are decided the inputs that we lack of them. */
  #complete(decided: number): void {
    const { inputBytes } = this.#inputs;
    for (const [member, tail] of this.#tails.entries()) {
      if ((decided & (1 << member)) === 0) continue;
      for (const [place, player] of (this.#roster.playersOf[member] ?? []).entries()) {
        const firstFrame = tail.lastFrame - INPUT_ROWS_MAX + 1;
        for (let frame = this.#inputs.lastFrame(player) + 1; frame <= this.lastFrame(member); frame++) {
          this.#inputs.append(player, tail.rows, (place * INPUT_ROWS_MAX + frame - firstFrame) * inputBytes);
        }
      }
    }
  }

  readonly #readColumn = (player: number, frame: number, count: number, target: Uint8Array): void => {
    this.#inputs.copyColumn(player, frame, count, target);
  };

  readonly #takeTail: TakeColumn = (member, player, firstFrame, count, rows) => {
    const tail = this.#tails[member];
    const lastFrame = firstFrame + count - 1;
    if (tail === undefined || lastFrame < tail.lastFrame) return;
    const { inputBytes } = this.#inputs;
    const place = (this.#roster.playersOf[member] ?? []).indexOf(player);
    const end = (place + 1) * INPUT_ROWS_MAX * inputBytes;
    tail.lastFrame = lastFrame;
    for (let index = 0; index < count * inputBytes; index++) tail.rows[end - count * inputBytes + index] = rows[inputBytes + index] ?? 0;
  };
}

function ignore(): void {}
