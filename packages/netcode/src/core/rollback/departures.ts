import { unreachable } from "../base/assert.ts";
import { ByteReader, ByteWriter } from "../base/bytes.ts";
import { NULL_FRAME } from "../base/units.ts";
import type { DropCause } from "../ports/session.ts";
import {
  DROP_VOTE_BYTES_MAX,
  DropVote,
  readDropVote,
  TAIL_ENTRIES_BYTES_MAX,
  writeDropVote,
  type TailEntries,
  type TakeColumn,
  type TakeEntries,
  type VoteLayout,
} from "../wire/drop-vote-codec.ts";
import { INPUT_ROWS_MAX } from "../wire/limits.ts";
import type { AgreementStart } from "./ballots.ts";
import { DropAgreement, type DropView } from "./drop-agreement.ts";
import type { ExchangeClock } from "./input-exchange.ts";
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
  /** For a match with seats that nobody holds, or that we join: who holds them at our first frame. */
  readonly start?: AgreementStart;
  /** What members attached to their inputs. */
  readonly entries?: TailEntries;
}

/** The last inputs of a member as somebody's vote brought them: `INPUT_ROWS_MAX` frames up to `lastFrame`, by player, and the entries in these frames. */
interface Tail {
  lastFrame: number;
  readonly rows: Uint8Array;
  readonly entries: Uint8Array;
  entryBytes: number;
}

/**
 * Everything about members that go, and when one that comes counts: when one is droppable, the votes to and from the others, and the inputs that somebody else has more of. The decision itself
 * is `DropAgreement`'s, and what follows from it the session's.
 */
export class Departures {
  readonly #inputs: InputTable;
  readonly #roster: SessionRoster;
  readonly #layout: VoteLayout;
  readonly #entries: TailEntries | undefined;
  readonly #matchEpoch: number;
  readonly #agreement: DropAgreement;
  readonly #view: OwnView = new OwnView();
  /** When the broker's word about each member came; NaN where there is none. */
  readonly #wordMs: Float64Array;
  /** Members for whom there is a word, as bits. */
  #vouched = 0;
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
    this.#entries = options.entries;
    const layout = { playersOf: roster.playersOf, inputBytes: inputs.inputBytes };
    this.#layout = options.entries === undefined ? layout : { ...layout, entries: options.entries };
    const memberCount = roster.playersOf.length;
    this.#agreement = new DropAgreement(memberCount, Math.max(0, roster.localMember), options.start);
    this.#wordMs = new Float64Array(memberCount).fill(Number.NaN);
    this.#votedMs = new Float64Array(memberCount).fill(Number.NEGATIVE_INFINITY);
    const tailBytes = INPUT_ROWS_MAX * inputs.inputBytes;
    this.#tails = roster.playersOf.map((players) => ({
      lastFrame: NULL_FRAME,
      rows: new Uint8Array(tailBytes * players.length),
      entries: new Uint8Array(TAIL_ENTRIES_BYTES_MAX),
      entryBytes: 0,
    }));
  }

  /**
   * We have confirmed the frame that carries the entry which gives the vacant `member` slot to its next holder, the `generation`-th that joins. In the order of frames, then
   * slots. From now on others may count it, and we as soon as one of them says so.
   */
  announce(member: number, generation: number): void {
    this.#agreement.announce(member, generation);
    this.#wordMs[member] = Number.NaN;
    this.#vouched &= ~(1 << member);
    this.#votedMs[member] = Number.NEGATIVE_INFINITY;
    this.#left &= ~(1 << member);
  }

  /**
   * The announced holder of `member` counts from now on: its votes are needed, and it can be dropped. Call it when the frame that carries its entry is settled: then all know it.
   * At the latest when the frame before its first is confirmed.
   */
  accept(member: number): void {
    this.#agreement.accept(member);
  }

  /** True when the newest announced holder of `member` counts here. */
  isAccepted(member: number): boolean {
    return this.#agreement.isAccepted(member);
  }

  /** True while others may still decide without us: until then only settled frames may be confirmed. */
  get isJoining(): boolean {
    return this.#agreement.isJoining;
  }

  /** Says goodbye: `pollVote` then gives each other member one message with our last inputs, so that nobody waits for us. Nothing else may be called afterwards. */
  leave(): void {
    this.#agreement.leave(this.#inputs.lastFrame(this.#roster.localPlayers[0] ?? 0));
    this.#due = this.#others();
  }

  /** True when we hold `member` gone: its packets do not count any more. */
  isFrozen(member: number): boolean {
    return (this.#agreement.own.set & (1 << member)) !== 0;
  }

  /**
   * True when the current members outside `set` are enough to go on without it. Then whoever decides an end asks one of them, and what all of them have confirmed, inputs
   * included, is in every history.
   */
  mayGoOnWithout(set: number): boolean {
    return this.#agreement.mayGoOn(set, 0);
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
    this.#vouched |= 1 << member;
    if (cause === "left") this.#left |= 1 << member;
  }

  /**
   * A packet of `member` came. What was under way when the word came proves nothing; a second later it does: the broker was wrong, which
   * knows sockets, not links. A member that was dropped has to be told.
   */
  packetArrived(member: number, observedMs: number): void {
    const bit = 1 << member;
    if ((this.#vouched & bit) !== 0 && observedMs - (this.#wordMs[member] ?? Number.NaN) >= GONE_DROP_MS) {
      this.#wordMs[member] = Number.NaN;
      this.#vouched &= ~bit;
      this.#left &= ~bit;
    }
    if ((this.#agreement.own.agreed & bit) !== 0) this.#repeat(member, observedMs);
  }

  /** Takes in the vote of `member`, from after its kind and epoch. */
  handleVote(reader: ByteReader, bytes: Uint8Array, member: number): VoteRefusal | undefined {
    const vote = this.#incoming;
    const agreement = this.#agreement;
    const start = reader.offset;
    // Nobody casts itself out, but who says goodbye.
    if (!readDropVote(reader, vote, this.#layout) || (vote.proposal & ~vote.agreed & (1 << member)) !== 0) return "malformed";
    const counts = !this.isFrozen(member) || !agreement.isAccepted(member);
    if (counts && this.#hasGap(vote, member)) return "vote-gap";
    const outcome = agreement.receive(member, vote);
    switch (outcome) {
      case "refused":
        return "vote-order";
      case "dropped":
        this.#dropped(vote);
        return undefined;
      case "ignored":
        return undefined;
      case "taken":
        reader.reset(bytes);
        reader.skip(start);
        readDropVote(reader, vote, this.#layout, this.#takers);
        if (agreement.isBehind(vote)) this.#due |= 1 << member;
        return undefined;
      default:
        return unreachable(outcome);
    }
  }

  /**
   * Looks who is gone, votes, and decides. Returns the members whose end was decided now; their inputs are complete up to `lastFrame`. With every packet: the time comes in
   * the session's own clock, since a number with a fraction that is handed on costs an allocation.
   */
  update(remotes: readonly RemotePeer[], proposes: boolean, clock: ExchangeClock): number {
    if (this.#droppedFrame !== undefined) return 0;
    const agreement = this.#agreement;
    const { own } = agreement;
    this.#look(remotes, proposes, clock);
    const before = own.set;
    const isChanged = agreement.consider(this.#view);
    if (agreement.hasResigned) this.#waitResigned(clock);
    const entered = own.set & ~before;
    for (const remote of remotes) {
      // What was taken over from others has their frame.
      if ((entered & ~own.agreed & (1 << remote.member)) !== 0)
        own.lastFrames[remote.member] = this.#inputs.lastFrame(remote.players[0] ?? 0);
    }
    const decided = agreement.decide();
    if (decided !== 0) this.#complete(decided);
    if (isChanged || decided !== 0) this.#due = this.#others();
    else if (agreement.isOpen) this.#repeatAll(remotes, clock);
    return decided;
  }

  #waitResigned({ observedMs }: ExchangeClock): void {
    this.#resignedMs ??= observedMs;
    if (observedMs >= this.#resignedMs + DROP_MS) this.#droppedFrame = this.#inputs.completeFrame() + 1;
  }

  #repeatAll(remotes: readonly RemotePeer[], { observedMs }: ExchangeClock): void {
    for (const remote of remotes) this.#repeat(remote.member, observedMs);
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
    return ((1 << this.#roster.playersOf.length) - 1) & ~(1 << this.#roster.localMember);
  }

  #repeat(member: number, observedMs: number): void {
    if (observedMs - (this.#votedMs[member] ?? 0) >= REPEAT_MS) this.#due |= 1 << member;
  }

  #look(remotes: readonly RemotePeer[], proposes: boolean, clock: ExchangeClock): void {
    const view = this.#view;
    view.droppable = 0;
    view.suspect = 0;
    view.words = 0;
    view.left = this.#left;
    view.proposes = proposes;
    view.read(clock);
    for (const { member, endpoint } of remotes) {
      const bit = 1 << member;
      const isVouched = (this.#vouched & bit) !== 0 && clock.observedMs - (this.#wordMs[member] ?? Number.NaN) >= GONE_DROP_MS;
      const gone = isVouched && endpoint.isSilent(clock, GONE_DROP_MS);
      if (gone) view.words |= bit;
      if (endpoint.isSilent(clock, SUSPECT_MS)) view.suspect |= bit;
      const isSilent = endpoint.isSilent(clock, endpoint.heard ? DROP_MS : FIRST_WORD_MS);
      // Who has ended soon repeats nothing more (`MatchSender`): an acknowledgement that is missing then says nothing, and never comes.
      const isDeaf = proposes && endpoint.isDeaf(clock, endpoint.ackedFrame >= 0 ? DROP_MS : FIRST_WORD_MS);
      if (gone || isSilent || isDeaf) view.droppable |= bit;
    }
    view.suspect &= ~view.droppable;
  }

  /** Who decided it may have died, and others who cast may still wait: all are told once more that we count no longer. */
  #dropped(vote: DropVote): void {
    const local = this.#roster.localMember;
    const isDecided = vote.generations[local] === this.#agreement.own.generations[local];
    this.#agreement.resign();
    this.#due = this.#others();
    this.#droppedFrame = (isDecided ? (vote.lastFrames[local] ?? NULL_FRAME) : this.#inputs.completeFrame()) + 1;
  }

  /**
   * True when the tail of somebody gone does not reach back to what we have, or a goodbye takes back inputs that we have: an honest one never does. What is said
   * of a holder before the one that we know does not matter.
   */
  #hasGap(vote: DropVote, sender: number): boolean {
    return this.#roster.playersOf.some((players, member) => {
      if ((vote.set & (1 << member)) === 0 || (vote.generations[member] ?? 0) < (this.#agreement.own.generations[member] ?? 0))
        return false;
      const lastFrame = vote.lastFrames[member] ?? NULL_FRAME;
      const knownFrame = this.#inputs.lastFrame(players[0] ?? 0);
      return lastFrame - INPUT_ROWS_MAX > knownFrame || (member === sender && lastFrame < knownFrame);
    });
  }

  /** Gives those who are decided the inputs that we lack of them, and their entries. */
  #complete(decided: number): void {
    const { inputBytes } = this.#inputs;
    for (const [member, tail] of this.#tails.entries()) {
      if ((decided & (1 << member)) === 0) continue;
      const knownFrame = this.#inputs.lastFrame(this.#roster.playersOf[member]?.[0] ?? 0);
      if (tail.entryBytes > 0 && tail.lastFrame > knownFrame) {
        const entryReader = new ByteReader(tail.entries.subarray(0, tail.entryBytes));
        this.#entries?.read(entryReader, member, Math.max(0, tail.lastFrame - INPUT_ROWS_MAX + 1), tail.lastFrame, knownFrame);
      }
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

  readonly #takeColumn: TakeColumn = (member, player, firstFrame, count, rows) => {
    const tail = this.#tails[member];
    const lastFrame = firstFrame + count - 1;
    if (tail === undefined || lastFrame < tail.lastFrame) return;
    const { inputBytes } = this.#inputs;
    const place = (this.#roster.playersOf[member] ?? []).indexOf(player);
    const end = (place + 1) * INPUT_ROWS_MAX * inputBytes;
    tail.lastFrame = lastFrame;
    for (let index = 0; index < count * inputBytes; index++) tail.rows[end - count * inputBytes + index] = rows[inputBytes + index] ?? 0;
  };

  readonly #takeEntries: TakeEntries = (member, lastFrame, bytes) => {
    const tail = this.#tails[member];
    if (tail === undefined || lastFrame < tail.lastFrame) return;
    tail.entries.set(bytes);
    tail.entryBytes = bytes.length;
  };

  readonly #takers = { column: this.#takeColumn, entries: this.#takeEntries };
}

/** What we see, written anew with every packet. */
class OwnView implements DropView {
  droppable = 0;
  suspect = 0;
  words = 0;
  left = 0;
  proposes = true;
  /** In an array: in a field each new number with a fraction may be an object of its own. */
  readonly #clockMs = new Float64Array(1);

  get clockMs(): number {
    return this.#clockMs[0] ?? 0;
  }

  read({ observedMs }: ExchangeClock): void {
    this.#clockMs[0] = observedMs;
  }
}
