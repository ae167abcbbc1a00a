import { encodeState, REQUEST_STATE_BYTES_MAX, type StateMessage } from "../wire/desync-codec.ts";
import * as ROLLBACK_KIND from "../wire/rollback-kind.ts";
import type { WatchedMembers, WatchMessage } from "./checksum-watch.ts";
import type { FrameRunner } from "./frame-runner.ts";
import type { RemotePeer } from "./remote-peer.ts";

/** A request without an answer is made again elsewhere after so long. Half would ask twice over a slow path; double would heal late over a lossy one. */
const ANSWER_MS = 750;
/** The first pause between two repairs; each that follows before the calm doubles it. A game that is not deterministic here would do nothing else. */
const PAUSE_MS_MIN = 1000;
const PAUSE_DOUBLINGS_MAX = 4;
/** After so long without a repair, past the pause, it was an accident. */
const CALM_MS = 10_000;
/** So many repairs without a calm are no accident: the game computes something else here. */
const REPAIRS_MAX = 5;

/** What came of a reply. */
export type RepairOutcome = "repaired" | "unasked-state" | "bad-state" | "gone";

interface Request {
  readonly frame: number;
  readonly checksum: number;
  readonly member: number;
  readonly untilMs: number;
}

/**
 * Decides who is right when states differ, and brings the right state here when we are not. Right is what more than half of the members say; where no
 * state has so many, and all were heard, what the highest rank says: so that fewer than half can never turn the others round.
 */
export class StateRepair {
  readonly #runner: FrameRunner;
  readonly #members: WatchedMembers;
  readonly #matchEpoch: number;
  readonly #send: (message: WatchMessage) => void;
  #request: Request | undefined;
  /** Failed requests: the next goes to the next member that is right. */
  #failures = 0;
  #repairs = 0;
  #repairedMs = Number.NEGATIVE_INFINITY;

  constructor(runner: FrameRunner, members: WatchedMembers, matchEpoch: number, send: (message: WatchMessage) => void) {
    this.#runner = runner;
    this.#members = members;
    this.#matchEpoch = matchEpoch;
    this.#send = send;
  }

  /** Repairs so far without a calm between them. */
  get repairs(): number {
    return this.#repairs;
  }

  /** True when repairs do not help. */
  get isHopeless(): boolean {
    return this.#repairs >= REPAIRS_MAX;
  }

  /** The checksum that the state after `frame` should have; `undefined` while too few were heard. */
  rightChecksum(frame: number): number | undefined {
    const own = this.#runner.checksum(frame);
    if (own === undefined) return undefined;
    const { localMember, remotes, isFrozen } = this.#members;
    const votes = [{ member: localMember, checksum: own as number | undefined }];
    for (const { member, reports, firstFrame } of remotes()) {
      if (!isFrozen(member) && firstFrame <= frame) votes.push({ member, checksum: reports.at(frame) });
    }
    for (const { checksum } of votes) {
      if (checksum !== undefined && 2 * votes.filter((vote) => vote.checksum === checksum).length > votes.length) return checksum;
    }
    if (votes.some(({ checksum }) => checksum === undefined)) return undefined;
    return votes.reduce((host, vote) => (vote.member < host.member ? vote : host)).checksum;
  }

  /** Asks a member whose state after `frame` has that checksum for it, unless that was done just now. `frame` is kept as a checkpoint. */
  ask(frame: number, checksum: number, nowMs: number): void {
    if (this.#request !== undefined && nowMs < this.#request.untilMs) return;
    if (this.#request !== undefined) this.#failures++;
    this.#request = undefined;
    const pauseMs = this.#repairs === 0 ? 0 : PAUSE_MS_MIN << Math.min(this.#repairs - 1, PAUSE_DOUBLINGS_MAX);
    const waitedMs = nowMs - this.#repairedMs - pauseMs;
    if (waitedMs < 0) return;
    if (waitedMs > CALM_MS) this.#repairs = 0;
    const { remotes, isFrozen } = this.#members;
    const right = remotes().filter(({ member, reports }) => !isFrozen(member) && reports.at(frame) === checksum);
    const chosen = right[this.#failures % right.length];
    if (chosen === undefined) return;
    this.#request = { frame, checksum, member: chosen.member, untilMs: nowMs + ANSWER_MS };
    const own = this.#runner.serializeAfter(frame);
    const state = own === undefined || own.length > REQUEST_STATE_BYTES_MAX ? NO_BYTES : own;
    this.#send({ to: chosen.endpoint.peerId, bytes: encodeState(ROLLBACK_KIND.stateRequest, this.#matchEpoch, { frame, state }) });
  }

  /** A state came from `remote`. When it is the one that we asked for, we play on from there. */
  take(remote: RemotePeer, { frame, state }: StateMessage, nowMs: number): RepairOutcome {
    const request = this.#request;
    if (request === undefined || remote.member !== request.member || frame !== request.frame) return "unasked-state";
    this.#request = undefined;
    this.#failures++;
    if (state.length === 0) return "gone";
    if (!this.#runner.loadSnapshot(frame + 1, state, request.checksum)) return "bad-state";
    this.#failures = 0;
    this.#repairs++;
    this.#repairedMs = nowMs;
    return "repaired";
  }
}

const NO_BYTES = new Uint8Array(0);
