import { NULL_FRAME } from "../core/base/units.ts";
import { INPUT_DELAY_MAX } from "../core/wire/limits.ts";
import type { MatchCheckers, PeerRecord } from "./match-checkers.ts";
import type { PeerHistory } from "./peer-history.ts";
import type { SimPeer } from "./sim-peer.ts";

/** Frames that each survivor must confirm in the last second, or a third of full speed for slow games: the narrowest window on the slowest healed path allows twice that. */
const LIVE_FRAMES_PER_SECOND_MIN = 20;

/** A match that ran to its last virtual millisecond. */
export interface OutcomeOptions {
  readonly checkers: MatchCheckers;
  readonly peers: readonly SimPeer[];
  readonly windowFrames: number;
  /** Who was dropped comes back. */
  readonly mayReturn: boolean;
  /** Confirmed frame of each peer one second before the end: from there on progress is measured. */
  readonly confirmedBefore: readonly number[];
  /** Peers by rank for decisions at exactly half: the host, then by lowest player index. */
  readonly ranks: readonly SimPeer[];
  /** True when the broker told `peer` that `gone`, which is, is gone. */
  readonly isTold: (peer: SimPeer, gone: SimPeer) => boolean;
}

/** Checks what can only be judged at the end: who lives goes on, and everybody who goes on has lived the same match. */
export function checkOutcome(options: OutcomeOptions): void {
  const { checkers, peers } = options;
  const living = peers.filter((peer) => peer.isAlive && peer.isStarted);
  const survivors = living.filter((peer) => !checkers.record(peer.index).wasDropped && !endedApart(options, peer));
  checkHistories(options, survivors);
  checkPasts(options, survivors);
  if (!options.mayReturn) checkSeats(options, survivors, living);
  const running = findRunning(options, survivors);
  const isEndKnown = survivors.some((peer) => knowsEnd(options, peer));
  checkEnds(options, survivors, { ...running, isEndKnown });
  checkLiveness(options, running);
  // Where seats change hands more than once, the rows of the histories, which hold the bots, are compared alone.
  if (!options.mayReturn) for (const peer of survivors) checkBots(options, peer);
  for (const peer of living) checkRefusals(options, peer);
}

/**
 * Whose match ended just before the others lost it and, without its last inputs, went on: they gave its seats to bots before the end. Nobody can prevent that (it could not know whether
 * they had heard), and it has its result.
 */
function endedApart({ checkers, peers }: OutcomeOptions, peer: SimPeer): boolean {
  const { ended, seatFrame = 0 } = checkers.record(peer.index);
  if (ended === undefined) return false;
  const drops = peers.flatMap((other) => checkers.record(other.index).dropFrames.get(peer.id) ?? []);
  return drops.some((frame) => frame >= seatFrame && frame <= ended.frame);
}

/** Survivors share one history; who is gone shared it up to the first seat that either gave to a bot. */
function checkHistories({ checkers, peers }: OutcomeOptions, survivors: readonly SimPeer[]): void {
  for (const survivor of survivors) {
    const own = checkers.record(survivor.index);
    for (const other of peers) {
      if (other === survivor || (survivors.includes(other) && other.index < survivor.index)) continue;
      const theirs = checkers.record(other.index);
      const endFrame = survivors.includes(other) ? Infinity : Math.min(firstSeatFrame(own), firstSeatFrame(theirs));
      compareHistories(checkers, survivor, own.history, other, theirs.history, endFrame);
    }
  }
}

/** Who came back shared the history of the others until any of them went on without anybody: with a minority it may have confirmed what was decided otherwise. */
function checkPasts({ checkers, peers }: OutcomeOptions, survivors: readonly SimPeer[]): void {
  for (const survivor of survivors) {
    const own = checkers.record(survivor.index);
    if (own.isReturned) continue;
    const drops = [...own.dropFrames.values()].flat();
    for (const other of peers) {
      for (const past of checkers.record(other.index).pastHistories) {
        const parted = Math.min(Infinity, ...drops.filter((frame) => frame >= past.firstFrame));
        compareHistories(checkers, survivor, own.history, other, past, parted);
      }
    }
  }
}

function compareHistories(
  checkers: MatchCheckers,
  survivor: SimPeer,
  own: PeerHistory,
  other: SimPeer,
  theirs: PeerHistory,
  endFrame: number,
): void {
  const difference = own.difference(theirs, endFrame);
  if (difference !== undefined) checkers.fail(difference.kind, survivor.index, difference.frame, `${difference.message} at ${other.id}`);
}

/** From its frame on, and not before, a seat that went is its bot's in all that was confirmed. */
function checkBots({ checkers }: OutcomeOptions, survivor: SimPeer): void {
  const { history, seats } = checkers.record(survivor.index);
  const { inputBytes, playerCount } = survivor.simulation;
  for (const [gone, { frame: botFrame, players }] of seats) {
    for (let frame = 0; frame < history.length; frame++) {
      for (const player of players) {
        const row = history.at(frame)?.row;
        if (row === undefined || row.length === 0) continue;
        const isBot = row[playerCount * inputBytes + player] === 1;
        if (isBot !== frame >= botFrame)
          checkers.fail("seats", survivor.index, frame, `${gone} went at ${botFrame}, confirmed ${isBot ? "as a bot" : "as a person"}`);
      }
    }
  }
}

function firstSeatFrame(record: PeerRecord): number {
  return Math.min(Infinity, ...[...record.dropFrames.values()].flat());
}

/** Survivors agree on who went and when; only who is gone was dropped; and who was dropped knows it. */
function checkSeats({ checkers, peers, confirmedBefore }: OutcomeOptions, survivors: readonly SimPeer[], living: readonly SimPeer[]): void {
  const isDropped = (peer: SimPeer): boolean => checkers.record(peer.index).wasDropped;
  const goesOn = survivors.some((peer) => checkers.record(peer.index).confirmedFrame > (confirmedBefore[peer.index] ?? 0));
  for (const gone of peers) {
    let agreed: string | undefined;
    for (const survivor of survivors) {
      const seat = checkers.record(survivor.index).seats.get(gone.id);
      if (seat === undefined) continue;
      agreed ??= seat.text;
      if (seat.text !== agreed)
        checkers.fail("seats", survivor.index, seat.frame, `${gone.id} went at ${seat.text}, elsewhere at ${agreed}`);
      // From a frame on that is after the last one, nothing was lost: only its last inputs had not come.
      const isAfterEnd = seat.frame > (checkers.record(survivor.index).ended?.frame ?? Infinity);
      if (survivors.includes(gone) && !isAfterEnd)
        checkers.fail("seats", survivor.index, seat.frame, `dropped ${gone.id}, which lives and does not know it`);
    }
    const wasDropped = living.includes(gone) && isDropped(gone);
    // By somebody who still lives, or who went on and was ended later.
    if (wasDropped && goesOn && !peers.some((peer) => !isDropped(peer) && checkers.record(peer.index).seats.has(gone.id))) {
      checkers.fail("seats", gone.index, checkers.record(gone.index).frame, "was dropped, but by nobody who went on");
    }
  }
}

/** True when `peer` ended, and so many told it that they confirmed the end, too, that no others may go on (rule FO24). Of who died before it heard that, it cannot know it. */
function knowsEnd(options: OutcomeOptions, peer: SimPeer): boolean {
  const { ended, seats, told } = options.checkers.record(peer.index);
  if (ended === undefined) return false;
  const members = options.peers.filter((other) => !seats.has(other.id));
  const lacking = members.filter((other) => other !== peer && (told.get(other.id) ?? NULL_FRAME) < ended.frame);
  return (
    lacking.length === 0 ||
    mayGoOn(
      options,
      members.filter((member) => !lacking.includes(member)),
      lacking,
    )
  );
}

/**
 * Survivors end together, but for those who wait and may: they can lack the last inputs of somebody gone, and nobody may decide that they are its last; or they follow, and nobody knows that
 * the end is any other's, too. Who is gone had the same end, if it
 * had one that the survivors confirmed, too, and neither gave a seat to a bot before it.
 */
function checkEnds(
  { checkers, peers }: OutcomeOptions,
  survivors: readonly SimPeer[],
  { mayWait, isEndKnown }: Running & { readonly isEndKnown: boolean },
): void {
  for (const one of peers) {
    const { ended } = checkers.record(one.index);
    if (ended === undefined) continue;
    const isSurvivor = survivors.includes(one);
    for (const peer of survivors) {
      const record = checkers.record(peer.index);
      const mayLack = mayWait || (record.isFollowing && !isEndKnown);
      if (mayLack && record.ended === undefined && record.confirmedFrame < ended.frame) continue;
      const partedFrame = Math.min(firstSeatFrame(record), firstSeatFrame(checkers.record(one.index)));
      // Who came back does not know of all drops before.
      const isCommon = isSurvivor || (!record.isReturned && ended.frame < partedFrame && ended.frame <= record.confirmedFrame);
      if (isCommon && record.ended?.text !== ended.text)
        checkers.fail("end", peer.index, record.frame, `ended at ${record.ended?.text ?? "no frame"}, ${one.id} at ${ended.text}`);
    }
  }
}

/** The survivors whose match did not end. */
interface Running {
  readonly peers: readonly SimPeer[];
  /** Those who were there all the time, and know of every drop: who came back does not know of those before. */
  readonly witnesses: readonly SimPeer[];
  /** Who is gone, and for some witness still holds its seats. */
  readonly undecided: readonly SimPeer[];
  /** Nobody may decide that the undecided are gone. */
  readonly mayWait: boolean;
}

function findRunning(options: OutcomeOptions, survivors: readonly SimPeer[]): Running {
  const { checkers } = options;
  const peers = survivors.filter((peer) => checkers.record(peer.index).ended === undefined);
  const witnesses = peers.filter((peer) => !checkers.record(peer.index).isReturned);
  const undecided = options.peers.filter(
    (peer) => !peer.isAlive && witnesses.some((witness) => !checkers.record(witness.index).seats.has(peer.id)),
  );
  const members = survivors.filter((peer) => !checkers.record(peer.index).isFollowing);
  return { peers, witnesses, undecided, mayWait: undecided.length > 0 && !mayGoOn(options, members, undecided) };
}

/** Whoever may go on, does; and nobody is left behind. */
function checkLiveness(options: OutcomeOptions, { peers: running, witnesses, undecided, mayWait }: Running): void {
  const { checkers, windowFrames, confirmedBefore } = options;
  if (witnesses.length === 0 || mayWait) return;
  for (const peer of running) {
    const { frame, confirmedFrame, unheardDropMs } = checkers.record(peer.index);
    const progress = confirmedFrame - (confirmedBefore[peer.index] ?? 0);
    // From whom nothing ever came is waited for five seconds from when all faults are over, nearly to the end.
    const seconds = Math.min(1, (checkers.nowMs - unheardDropMs) / 1_000);
    if (progress < seconds * Math.min(LIVE_FRAMES_PER_SECOND_MIN, peer.simulation.frameRateHz / 3)) {
      checkers.fail(
        "liveness",
        peer.index,
        frame,
        `confirmed ${progress} frames in the last second, all faults over (confirmed ${confirmedFrame})`,
      );
    }
    if (checkers.record(peer.index).isFollowing) checkers.fail("liveness", peer.index, frame, "is not back in its seat, all faults over");
    for (const gone of witnesses.includes(peer) ? undecided : []) {
      if (!checkers.record(peer.index).seats.has(gone.id))
        checkers.fail("liveness", peer.index, frame, `${gone.id} is gone and still holds its seats`);
    }
  }
  const frames = running.map((peer) => checkers.record(peer.index).frame);
  const delayFrames = Math.max(...running.map((peer) => peer.inputDelayFrames ?? INPUT_DELAY_MAX));
  const spread = Math.max(...frames) - Math.min(...frames);
  if (spread > windowFrames + delayFrames + 1)
    checkers.fail("liveness", -1, Math.max(...frames), `survivors at frames ${frames.join(", ")}`);
}

/**
 * The rule for a drop: more than half of the members, at half the half with the highest rank, or the broker's word for all that are gone. Who came shortly before is counted by all
 * survivors, but who is gone may be alive for all that they know, cut off, and go on with another majority in which it does not count: they have to be enough without it, too (rule RB41).
 */
function mayGoOn(options: OutcomeOptions, survivors: readonly SimPeer[], undecided: readonly SimPeer[]): boolean {
  if (undecided.every((gone) => survivors.some((peer) => options.isTold(peer, gone)))) return true;
  const { checkers } = options;
  // At the latest whoever confirms the frame before its first counts a newcomer.
  const countedFrame = Math.min(...undecided.map((gone) => checkers.record(gone.index).confirmedFrame)) + 1;
  const seatFrame = (peer: SimPeer): number => checkers.record(peer.index).seatFrame ?? 0;
  const newcomers = survivors.filter((peer) => seatFrame(peer) > countedFrame).toSorted((one, other) => seatFrame(one) - seatFrame(other));
  // They came in an order: others count none of them, or the first, or the first two …
  for (let count = 0; count <= newcomers.length; count++) {
    const unknown = new Set(newcomers.slice(count));
    const counted = survivors.filter((peer) => !unknown.has(peer));
    if (!areEnough(options, counted, undecided)) return false;
  }
  return true;
}

function areEnough({ ranks }: OutcomeOptions, survivors: readonly SimPeer[], undecided: readonly SimPeer[]): boolean {
  const balance = survivors.length - undecided.length;
  if (balance !== 0) return balance > 0;
  const first = ranks.find((peer) => survivors.includes(peer) || undecided.includes(peer));
  return first !== undefined && survivors.includes(first);
}

/** Honest packets are not refused. */
function checkRefusals({ checkers }: OutcomeOptions, peer: SimPeer): void {
  for (const [reason, count] of Object.entries(peer.session.stats().refusals)) {
    if (count > 0) checkers.fail("refusals", peer.index, checkers.record(peer.index).frame, `${count} packets refused: ${reason}`);
  }
}
