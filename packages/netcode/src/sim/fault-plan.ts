import { assert } from "../core/base/assert.ts";
import { Random } from "../core/base/random.ts";
import { LINK_PROFILES, type LinkProfile } from "./profiles.ts";
import { CLEAN_CONDITIONS, type LinkConditions } from "./sim-link.ts";

/** What can go wrong in a match. Each seed switches each kind on or off, so that rare combinations and calm seas come up too (swarm testing). */
export const FAULT_KINDS = [
  // Steady, from the start until everything heals.
  "loss",
  "bursts",
  "jitter",
  "duplicates",
  "reordering",
  "rate",
  "lopsided-delay",
  "weather",
  // Paths that are gone for a while.
  "partition",
  "outage",
  "one-way-outage",
  // Peers.
  "kill",
  "leave",
  "false-word",
  "freeze",
  "hiccups",
  "clocks",
  "render-rates",
  "late-start",
  "slow-cpu",
  // The match itself.
  "couch",
  "bots",
  "tuning",
  "end",
  "pause",
  "return",
  "adaptive",
] as const;
export type FaultKind = (typeof FAULT_KINDS)[number];

/** One thing that happens at a virtual time. Peers by index. */
export type TimedFault =
  /** The process ends. `wordDelaysMs`: when each other peer is told by the broker; `undefined` = never. */
  | { readonly kind: "kill"; readonly atMs: number; readonly peer: number; readonly wordDelaysMs: readonly (number | undefined)[] }
  /** The page closes with a goodbye, which may not reach everybody. */
  | { readonly kind: "leave"; readonly atMs: number; readonly peer: number; readonly wordDelaysMs: readonly (number | undefined)[] }
  /** The broker says that a peer is gone, which lives and plays on: its socket closed, no more. */
  | { readonly kind: "false-word"; readonly atMs: number; readonly peer: number; readonly wordDelaysMs: readonly (number | undefined)[] }
  /** A player stops the game for all, or lets it go on. */
  | { readonly kind: "pause"; readonly atMs: number; readonly peer: number; readonly pauses: boolean }
  /** The process stands still, and packets wait for it. `timersFirst`: what runs first when it goes on. */
  | { readonly kind: "freeze"; readonly atMs: number; readonly durationMs: number; readonly peer: number; readonly timersFirst: boolean }
  /** No packet from `senders` to `receivers`. */
  | {
      readonly kind: "cut";
      readonly atMs: number;
      readonly durationMs: number;
      readonly senders: readonly number[];
      readonly receivers: readonly number[];
    }
  /** The path between two peers changes, in both directions. */
  | {
      readonly kind: "weather";
      readonly atMs: number;
      readonly peers: readonly [number, number];
      readonly conditions: Partial<LinkConditions>;
    };

/** One peer's machine. */
export interface PeerPlan {
  /** Its clock shows this at virtual time 0. */
  readonly clockOffsetMs: number;
  /** Its clock runs this much faster, in parts per million. */
  readonly driftPpm: number;
  readonly renderHz: number;
  /** It starts the match this long after the first. */
  readonly startMs: number;
  readonly inputDelayFrames: number;
  /** Most frames that it resimulates per call: a slow machine spreads a repair. */
  readonly resimulationBudgetFrames: number;
  /** What a step is said to cost on it; `undefined`: nothing is said. */
  readonly stepCostMs: number | undefined;
}

/** Everything that a seed decides about a match, before it runs. */
export interface FaultPlan {
  readonly kinds: readonly FaultKind[];
  readonly peers: readonly PeerPlan[];
  /** Peer index of each player; `undefined` for a bot. */
  readonly seats: readonly (number | undefined)[];
  /** Peers by rank, which decides at exactly half: the lobby host, then by lowest player index. */
  readonly ranks: readonly number[];
  readonly windowFrames: number;
  readonly saveEveryFrames: number;
  /** The built-in game may end from this frame on; `undefined`: never. */
  readonly endAfterFrames: number | undefined;
  /** By sender, then receiver. */
  readonly conditions: readonly (readonly LinkConditions[])[];
  readonly timed: readonly TimedFault[];
  /** From here on no fault is active: what lives must go on. */
  readonly healAtMs: number;
}

export interface FaultPlanOptions {
  readonly seed: number;
  readonly peerCount: number;
  readonly playersMax: number;
  readonly durationMs: number;
  /** Conditions of every link before faults; left out: drawn from the seed. */
  readonly network: LinkProfile | Partial<LinkConditions> | undefined;
  /** Kinds that the seed may switch on. */
  readonly faults: readonly FaultKind[];
}

/** Draws a plan. Each part has its own random stream, so that switching one kind off leaves the others as they were. */
export function drawFaultPlan(options: FaultPlanOptions): FaultPlan {
  const { seed, peerCount, faults, durationMs } = options;
  const swarm = new Random(seed, "swarm");
  // From nearly calm to nearly everything at once: a match that mostly waits for somebody tests little else.
  const share = [0.1, 0.3, 0.6][swarm.integer(3)] ?? 0;
  const drawn = FAULT_KINDS.filter(() => swarm.chance(share));
  const kinds = drawn.filter((kind) => faults.includes(kind));
  const isOn = (kind: FaultKind): boolean => kinds.includes(kind);
  const healAtMs = durationMs / 2;
  const costs = new Random(seed, "costs");
  const peers = drawPeers(new Random(seed, "peers"), peerCount, isOn).map((peer) => {
    // From a step that is free to one that takes a frame's time.
    const stepCostMs = costs.float() * costs.float() * 16;
    return isOn("adaptive") ? Object.assign(peer, { stepCostMs }) : peer;
  });
  const seats = drawSeats(new Random(seed, "seats"), options, isOn);
  const ranks = rankPeers(seats, new Random(seed, "host").integer(peerCount));
  const tuning = new Random(seed, "tuning");
  const windowFrames = 2 + tuning.integer(15);
  const saveEveryFrames = 1 + tuning.integer(8);
  const endAfterFrames = 60 + tuning.integer(480);
  return {
    kinds,
    peers,
    seats,
    ranks,
    windowFrames: isOn("tuning") ? windowFrames : 8,
    saveEveryFrames: isOn("tuning") ? saveEveryFrames : 1,
    endAfterFrames: isOn("end") ? endAfterFrames : undefined,
    conditions: drawConditions(new Random(seed, "conditions"), options, isOn),
    timed: drawTimed(seed, ranks, healAtMs, isOn),
    healAtMs,
  };
}

function drawPeers(random: Random, peerCount: number, isOn: (kind: FaultKind) => boolean): PeerPlan[] {
  const commonDelayFrames = random.integer(4);
  return Array.from({ length: peerCount }, () => {
    const clockOffsetMs = random.float() * 1_000_000;
    // Crystals are within ± 100 ppm; ± 1,000 stands for clocks that a system is slewing (adjtime moves by 500).
    const driftPpm = isOn("clocks") ? (random.float() * 2 - 1) * 1_000 : 0;
    const renderHz = [60, 59.94, 75, 90, 120, 144, 165, 30][random.integer(8)] ?? 60;
    const startMs = random.float() * (isOn("late-start") ? 1_500 : 100);
    const inputDelayFrames = isOn("tuning") ? random.integer(6) : commonDelayFrames;
    const resimulationBudgetFrames = isOn("slow-cpu") ? 2 + random.integer(8) : Infinity;
    return {
      clockOffsetMs,
      driftPpm,
      renderHz: isOn("render-rates") ? renderHz : 60,
      startMs,
      inputDelayFrames,
      resimulationBudgetFrames,
      stepCostMs: undefined,
    };
  });
}

function drawSeats(random: Random, options: FaultPlanOptions, isOn: (kind: FaultKind) => boolean): (number | undefined)[] {
  const seats: (number | undefined)[] = Array.from({ length: options.peerCount }, (_, peer) => peer);
  const couchPeer = random.integer(options.peerCount);
  if (isOn("couch") && seats.length < options.playersMax) seats.splice(random.integer(seats.length + 1), 0, couchPeer);
  if (isOn("bots") && seats.length < options.playersMax) seats.splice(random.integer(seats.length + 1), 0, undefined);
  return seats;
}

function rankPeers(seats: readonly (number | undefined)[], host: number): number[] {
  const ranks = [host];
  for (const peer of seats) if (peer !== undefined && !ranks.includes(peer)) ranks.push(peer);
  return ranks;
}

function drawConditions(random: Random, options: FaultPlanOptions, isOn: (kind: FaultKind) => boolean): LinkConditions[][] {
  const { network, peerCount } = options;
  const base: LinkConditions =
    typeof network === "string"
      ? LINK_PROFILES[network]
      : { ...CLEAN_CONDITIONS, delayMs: 1 + random.float() * random.float() * 90, jitterMs: random.float() * 3, ...network };
  const lossRatio = random.float() * 0.2;
  const leaveRatio = 0.1 + random.float() * 0.4;
  const burst = { enterRatio: random.float() * 0.02, leaveRatio, lossRatio: 0.5 + random.float() * 0.5 };
  // 20 kbit/s to 1 Mbit/s for each pair, where 60 datagrams a second and their acknowledgements need about 60, behind 20 to 300 ms of queue.
  const rateBytesPerSecond = 2_500 + random.float() * random.float() * 122_500;
  const queueBytes = 400 + rateBytesPerSecond * (0.02 + random.float() * 0.28);
  const faulty: LinkConditions = {
    ...base,
    lossRatio: isOn("loss") ? lossRatio : base.lossRatio,
    burst: isOn("bursts") ? burst : base.burst,
    jitterMs: isOn("jitter") ? base.jitterMs + random.float() * 40 : base.jitterMs,
    duplicateRatio: isOn("duplicates") ? random.float() * 0.25 : base.duplicateRatio,
    reorderRatio: isOn("reordering") ? random.float() * 0.1 : base.reorderRatio,
    rateBytesPerSecond: isOn("rate") ? rateBytesPerSecond : base.rateBytesPerSecond,
    queueBytes: isOn("rate") ? queueBytes : base.queueBytes,
  };
  return Array.from({ length: peerCount }, () =>
    Array.from({ length: peerCount }, () => {
      const extraMs = random.chance(0.3) ? random.float() * 80 : 0;
      return isOn("lopsided-delay") ? { ...faulty, delayMs: faulty.delayMs + extraMs } : faulty;
    }),
  );
}

type FalseWord = TimedFault & { readonly kind: "false-word" };

/** A time in the faulty part of the match that leaves `durationMs` before everything heals. */
function drawTimeMs(random: Random, healAtMs: number, durationMs: number): number {
  return 200 + random.float() * Math.max(0, healAtMs - durationMs - 200);
}

function drawTimed(seed: number, ranks: readonly number[], healAtMs: number, isOn: (kind: FaultKind) => boolean): TimedFault[] {
  const peerCount = ranks.length;
  const stream = (label: FaultKind): Random => new Random(seed, label);
  const timed: TimedFault[] = [];
  const gone = new Set<number>();
  if (isOn("kill")) timed.push(...drawDepartures("kill", stream("kill"), peerCount, healAtMs, gone));
  if (isOn("leave")) timed.push(...drawDepartures("leave", stream("leave"), peerCount, healAtMs, gone));
  if (isOn("false-word")) timed.push(exceptDeceived(drawFalseWord(stream("false-word"), ranks, healAtMs), timed));
  if (isOn("freeze")) timed.push(drawFreeze(stream("freeze"), peerCount, healAtMs));
  if (isOn("hiccups")) timed.push(...drawHiccups(stream("hiccups"), peerCount, healAtMs));
  if (isOn("partition")) timed.push(...drawPartition(stream("partition"), peerCount, healAtMs));
  if (isOn("outage")) timed.push(...drawOutage(stream("outage"), peerCount, healAtMs, "both ways"));
  if (isOn("one-way-outage")) timed.push(...drawOutage(stream("one-way-outage"), peerCount, healAtMs, "one way"));
  if (isOn("pause")) timed.push(...drawPauses(stream("pause"), peerCount, healAtMs));
  if (isOn("weather")) timed.push(...drawWeather(stream("weather"), peerCount, healAtMs));
  return timed.toSorted((first, second) => first.atMs - second.atMs);
}

/** One peer goes, sometimes two; each other peer hears of it after a while, or not at all. */
function drawDepartures(kind: "kill" | "leave", random: Random, peerCount: number, healAtMs: number, gone: Set<number>): TimedFault[] {
  const count = random.chance(0.25) ? 2 : 1;
  const departures: TimedFault[] = [];
  for (let index = 0; index < count; index++) {
    const peer = random.integer(peerCount);
    const hears = kind === "leave" ? 0.9 : ([0, 1, 0.7][random.integer(3)] ?? 1);
    const wordDelaysMs = drawWordDelays(random, peerCount, hears, kind === "leave" ? 300 : 2_000);
    const atMs = drawTimeMs(random, healAtMs, 0);
    if (gone.has(peer)) continue;
    gone.add(peer);
    departures.push({ kind, atMs, peer, wordDelaysMs });
  }
  return departures;
}

/** When each peer hears the broker's word; `undefined`: never. */
function drawWordDelays(random: Random, peerCount: number, hearsRatio: number, slowestMs: number): (number | undefined)[] {
  return Array.from({ length: peerCount }, () => {
    const delayMs = random.float() * slowestMs;
    return random.chance(hearsRatio) ? delayMs : undefined;
  });
}

/**
 * The broker is wrong about the peer of the lowest rank only. It never goes on without the others by its own right; were the broker wrong about one that does,
 * it and those who trust the broker would both go on.
 */
function drawFalseWord(random: Random, ranks: readonly number[], healAtMs: number): FalseWord {
  const wordDelaysMs = drawWordDelays(random, ranks.length, 0.8, 2_000);
  return { kind: "false-word", atMs: drawTimeMs(random, healAtMs, 0), peer: ranks.at(-1) ?? 0, wordDelaysMs };
}

/**
 * The same where others die: half of the members or more may just have gone on together, of whom one lives and the others are dead. Who hears of the dead and is told a lie of the living one has
 * the broker's word for all of them, and goes on too.
 */
function exceptDeceived(falseWord: FalseWord, departures: readonly TimedFault[]): FalseWord {
  const { wordDelaysMs } = falseWord;
  const told = departures.flatMap((fault) => (fault.kind === "kill" || fault.kind === "leave" ? [fault] : []));
  if (2 * (told.length + 1) < wordDelaysMs.length) return falseWord;
  const hearsOfDead = (peer: number): boolean => told.some((departure) => departure.wordDelaysMs[peer] !== undefined);
  return { ...falseWord, wordDelaysMs: wordDelaysMs.map((delayMs, peer) => (hearsOfDead(peer) ? undefined : delayMs)) };
}

function drawFreeze(random: Random, peerCount: number, healAtMs: number): TimedFault {
  const durationMs = Math.min(1_000 + random.float() * 4_000, healAtMs - 200);
  const atMs = drawTimeMs(random, healAtMs, durationMs);
  return { kind: "freeze", atMs, durationMs, peer: random.integer(peerCount), timersFirst: random.chance(0.5) };
}

/** Collections of garbage, a busy page: 20 to 300 ms, some a second. */
function drawHiccups(random: Random, peerCount: number, healAtMs: number): TimedFault[] {
  return Array.from({ length: 1 + random.integer(12) }, () => ({
    kind: "freeze",
    atMs: drawTimeMs(random, healAtMs, 300),
    durationMs: 20 + random.float() * random.float() * 280,
    peer: random.integer(peerCount),
    timersFirst: random.chance(0.5),
  }));
}

/** Two groups that do not hear each other for 0.2–4 s. */
function drawPartition(random: Random, peerCount: number, healAtMs: number): TimedFault[] {
  const members = Array.from({ length: peerCount }, (_, peer) => peer);
  const side = members.filter(() => random.chance(0.5));
  const others = members.filter((peer) => !side.includes(peer));
  const durationMs = Math.min(200 + random.float() * 3_800, healAtMs - 200);
  const atMs = drawTimeMs(random, healAtMs, durationMs);
  return [
    { kind: "cut", atMs, durationMs, senders: side, receivers: others },
    { kind: "cut", atMs, durationMs, senders: others, receivers: side },
  ];
}

/** One pair, in one direction or both, for 0.1–4 s. */
function drawOutage(random: Random, peerCount: number, healAtMs: number, direction: "one way" | "both ways"): TimedFault[] {
  const first = random.integer(peerCount);
  const second = (first + 1 + random.integer(peerCount - 1)) % peerCount;
  const durationMs = Math.min(100 + random.float() * random.float() * 3_900, healAtMs - 200);
  const atMs = drawTimeMs(random, healAtMs, durationMs);
  const there: TimedFault = { kind: "cut", atMs, durationMs, senders: [first], receivers: [second] };
  const back: TimedFault = { kind: "cut", atMs, durationMs, senders: [second], receivers: [first] };
  return direction === "both ways" ? [there, back] : [there];
}

/** Some players press "pause" or "go on" at some times, also twice, and also against each other. */
function drawPauses(random: Random, peerCount: number, healAtMs: number): TimedFault[] {
  return Array.from({ length: 1 + random.integer(6) }, (_, index) => ({
    kind: "pause",
    atMs: drawTimeMs(random, healAtMs, 0),
    peer: random.integer(peerCount),
    pauses: index === 0 || random.chance(0.5),
  }));
}

/** Wi-Fi to mobile and back: the delay of one pair steps up, later down. */
function drawWeather(random: Random, peerCount: number, healAtMs: number): TimedFault[] {
  const first = random.integer(peerCount);
  const second = (first + 1 + random.integer(peerCount - 1)) % peerCount;
  assert(first !== second, "two peers of a pair");
  const atMs = drawTimeMs(random, healAtMs, 1_000);
  return [
    { kind: "weather", atMs, peers: [first, second], conditions: { delayMs: 20 + random.float() * 130, jitterMs: random.float() * 30 } },
    { kind: "weather", atMs: atMs + random.float() * 1_000, peers: [first, second], conditions: { delayMs: random.float() * 40 } },
  ];
}
