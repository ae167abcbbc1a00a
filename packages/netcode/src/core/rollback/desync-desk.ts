import type { ByteReader } from "../base/bytes.ts";
import { NULL_FRAME, type PeerId } from "../base/units.ts";
import type { DesyncEvidence } from "../ports/desync-evidence.ts";
import { encodeChecksumLog, encodeState, readChecksumLog, readState, REQUEST_STATE_BYTES_MAX } from "../wire/desync-codec.ts";
import { CHECKSUM_INTERVAL_FRAMES } from "../wire/limits.ts";
import * as ROLLBACK_KIND from "../wire/rollback-kind.ts";
import { findDesync, makeChecksumLog, type DesyncFinding, type HistoryLayout } from "./desync-search.ts";
import type { Dispute } from "./checksum-reports.ts";
import type { CreateDesyncDesk, DesyncDeskOptions, DesyncSearch, WatchMessage } from "./checksum-watch.ts";
import { HISTORY_FRAMES } from "./input-table.ts";
import type { RemotePeer } from "./remote-peer.ts";
import { StateRepair } from "./state-repair.ts";

/** A member is told about once a quarter of a second what we had, at most; an honest one does so once per desync. */
const LOG_INTERVAL_MS = 250;
/** And asked for a state at most so often: each costs a copy of ours. */
const REQUEST_INTERVAL_MS = 500;
/** Without the other one's log, a desync is told after so long as far as it is known. */
const TELL_MS = 1000;

/**
 * Compares what the members say of confirmed frames. Where two differ, they send each other what they had in the last frames, find the first that
 * differs and what of it, tell the game, and whoever is wrong takes over the state of one who is right. See docs/spec/desync.md.
 */
export class DesyncDesk implements DesyncSearch {
  readonly #options: DesyncDeskOptions;
  readonly #layout: HistoryLayout;
  readonly #repair: StateRepair;
  readonly #outgoing: WatchMessage[] = [];
  /** The newest frame in which somebody's report differed from ours; `NULL_FRAME` while nobody's does. */
  #disputedFrame: number = NULL_FRAME;
  /** Reports of earlier frames say nothing any more: our states of these are not those that we play on from. */
  #validFrame = 0;
  #isWrong = false;
  #isHopeless = false;

  constructor(options: DesyncDeskOptions) {
    const { simulation, runner, members, matchEpoch } = options;
    this.#options = options;
    const { playerCount, inputBytes, partCount } = simulation;
    this.#layout = { playerCount, inputBytes, partCount: partCount > 1 ? partCount : 0 };
    this.#repair = new StateRepair(runner, members, matchEpoch, (message) => this.#outgoing.push(message));
  }

  /** Looks at the reports that came, and at what follows from them. */
  update(nowMs: number): void {
    const { members, runner } = this.#options;
    // While confirmed frames are simulated again there is nothing to compare with.
    const confirmedFrame = runner.checksum(runner.confirmedFrame) === undefined ? NULL_FRAME : runner.confirmedFrame;
    for (const remote of members.remotes()) {
      const { reports } = remote;
      if (!reports.isActive) continue;
      // Whom we drop may have confirmed frames with inputs that died with it.
      if (members.isFrozen(remote.member)) reports.dispute = undefined;
      for (let frame = reports.due(confirmedFrame); frame !== NULL_FRAME; frame = reports.due(confirmedFrame)) {
        reports.done(frame);
        if (!members.isFrozen(remote.member)) this.#compare(remote, frame, nowMs);
      }
      const { dispute } = reports;
      if (dispute !== undefined && !dispute.isTold && nowMs >= dispute.sinceMs + TELL_MS) this.#tell(remote, dispute, undefined);
    }
    if (this.#disputedFrame !== NULL_FRAME) this.#judge(this.#disputedFrame, nowMs);
  }

  /** Takes in a message of `remote`, from after its kind and epoch. Returns why not, when it does not. */
  handleMessage(nowMs: number, kind: number, reader: ByteReader, remote: RemotePeer): string | undefined {
    switch (kind) {
      case ROLLBACK_KIND.checksumLog:
        return this.#handleLog(nowMs, reader, remote);
      case ROLLBACK_KIND.stateRequest:
        return this.#handleRequest(nowMs, reader, remote);
      default:
        return this.#handleState(nowMs, reader, remote);
    }
  }

  /** The next message for another member. */
  pollMessage(): WatchMessage | undefined {
    return this.#outgoing.shift();
  }

  #compare(remote: RemotePeer, frame: number, nowMs: number): void {
    const { reports } = remote;
    const localChecksum = this.#options.runner.checksum(frame);
    if (localChecksum === undefined || frame <= reports.agreedFrame || frame < this.#validFrame) return;
    if (reports.at(frame) === localChecksum) {
      reports.agreedFrame = frame;
      if (reports.dispute !== undefined) this.#settle(remote, frame);
      return;
    }
    this.#options.refusals.add("desync");
    this.#disputedFrame = Math.max(this.#disputedFrame, frame);
    if (reports.dispute === undefined) this.#open(remote, reports.agreedFrame, frame, nowMs);
  }

  /** Tells `remote` what we had up to `frame`, and keeps what a report will need before it is overwritten. Begins before the frame in which both agreed. */
  #open({ endpoint, reports }: RemotePeer, agreedFrame: number, frame: number, nowMs: number): Dispute {
    const { runner } = this.#options;
    // A rollback to a save whose memory went bad simulates confirmed frames again, and may have done so after they were reported.
    const soundFrame = Math.min(agreedFrame, frame - 1) - CHECKSUM_INTERVAL_FRAMES;
    const early = runner.newestCheckpoint(soundFrame);
    const startFrame = early === NULL_FRAME ? runner.newestCheckpoint(agreedFrame) : early;
    const state = runner.serializeAfter(startFrame);
    const start = state === undefined ? undefined : { frame: startFrame, state, stepFrame: runner.stepFrame(startFrame + 1) };
    this.#sendLog(endpoint.peerId, soundFrame, frame);
    return (reports.dispute = { frame, sinceMs: nowMs, start, isTold: false });
  }

  /** Both have the same state again: the one that was wrong was repaired, or the difference is gone by itself. */
  #settle(remote: RemotePeer, frame: number): void {
    const { events, localPeerId, members } = this.#options;
    const isTold = remote.reports.dispute?.isTold === true;
    remote.reports.dispute = undefined;
    if (isTold) events.add({ type: "repaired", peerId: this.#isWrong ? localPeerId : remote.endpoint.peerId, frame });
    if (members.remotes().every(({ reports }) => reports.dispute === undefined)) this.#disputedFrame = NULL_FRAME;
    if (this.#disputedFrame === NULL_FRAME) this.#isWrong = false;
  }

  #judge(frame: number, nowMs: number): void {
    const { runner, events } = this.#options;
    const right = this.#repair.rightChecksum(frame);
    if (right === undefined) return;
    this.#isWrong = right !== runner.checksum(frame);
    if (!this.#isWrong || runner.endFrame !== undefined) return;
    this.#repair.ask(frame, right, nowMs);
    if (!this.#isHopeless && this.#repair.isHopeless) events.add({ type: "desync-persists", frame, repairs: this.#repair.repairs });
    this.#isHopeless = this.#repair.isHopeless;
  }

  #sendLog(to: PeerId, agreedFrame: number, lastFrame: number): void {
    const { runner, matchEpoch } = this.#options;
    const log = makeChecksumLog(runner, this.#layout, agreedFrame, lastFrame);
    if (log !== undefined) this.#outgoing.push({ to, bytes: encodeChecksumLog(matchEpoch, log) });
  }

  #handleLog(nowMs: number, reader: ByteReader, remote: RemotePeer): string | undefined {
    const { runner } = this.#options;
    const { reports } = remote;
    if (nowMs < reports.nextLogMs) return "desync-flood";
    reports.nextLogMs = nowMs + LOG_INTERVAL_MS;
    const log = readChecksumLog(reader, this.#layout.playerCount * this.#layout.inputBytes);
    if (log === undefined) return "malformed";
    const finding = findDesync(runner, this.#layout, reports.agreedFrame, log);
    const lastFrame = log.firstFrame + log.frameCount - 1;
    if (finding === undefined || reports.dispute?.isTold === true || lastFrame <= reports.toldFrame) return undefined;
    const dispute = reports.dispute ?? this.#open(remote, Math.min(reports.agreedFrame, log.firstFrame - 1), lastFrame, nowMs);
    this.#tell(remote, dispute, finding);
    // The log comes late: we were repaired meanwhile.
    if (finding.frame < this.#validFrame) reports.dispute = undefined;
    return undefined;
  }

  #handleRequest(nowMs: number, reader: ByteReader, remote: RemotePeer): string | undefined {
    const { runner, matchEpoch } = this.#options;
    const { reports } = remote;
    if (nowMs < reports.nextRequestMs) return "desync-flood";
    reports.nextRequestMs = nowMs + REQUEST_INTERVAL_MS;
    const request = readState(reader, REQUEST_STATE_BYTES_MAX);
    if (request === undefined) return "malformed";
    const { frame } = request;
    // Its report was lost on the way to us, so that it still lacks our log.
    if (reports.dispute === undefined) this.#sendLog(remote.endpoint.peerId, Math.min(reports.agreedFrame, frame - 1), frame);
    const state = (runner.checksum(frame) === undefined ? undefined : runner.serializeAfter(frame)) ?? NO_BYTES;
    this.#outgoing.push({
      to: remote.endpoint.peerId,
      bytes: encodeState(ROLLBACK_KIND.stateReply, matchEpoch, { frame, state }),
    });
    if (request.state.length > 0 && state.length > 0) this.#complete(remote, frame, state, request.state.slice());
    return undefined;
  }

  #handleState(nowMs: number, reader: ByteReader, remote: RemotePeer): string | undefined {
    const { runner, members } = this.#options;
    const reply = readState(reader);
    if (reply === undefined) return "malformed";
    const { frame } = reply;
    const own = runner.checksum(frame) === undefined ? undefined : runner.serializeAfter(frame);
    const outcome = this.#repair.take(remote, reply, nowMs);
    if (outcome === "gone") return undefined;
    if (outcome !== "repaired") return outcome;
    if (own !== undefined) this.#complete(remote, frame, own, reply.state.slice());
    this.#validFrame = frame + 1;
    for (const { reports } of members.remotes()) reports.dispute = undefined;
    this.#disputedFrame = NULL_FRAME;
    this.#isWrong = false;
    this.#options.events.add({ type: "repaired", peerId: this.#options.localPeerId, frame });
    return undefined;
  }

  /** Tells the game what is known now. */
  #tell(remote: RemotePeer, dispute: Dispute, finding: DesyncFinding | undefined): void {
    const { runner, simulation, events } = this.#options;
    const { start, frame: lastFrame } = dispute;
    const { peerId } = remote.endpoint;
    const known = finding ?? {
      frame: lastFrame,
      isFirst: false,
      localChecksum: runner.checksum(lastFrame) ?? 0,
      remoteChecksum: remote.reports.at(lastFrame) ?? 0,
      parts: [],
      playerIndexes: [],
    };
    const paths = known.parts.map((part) => simulation.partName(part));
    const evidence = { ...known, peerId, paths, start, ...this.#rows(start, lastFrame), states: undefined };
    dispute.isTold = true;
    remote.reports.evidence = evidence;
    remote.reports.toldFrame = lastFrame;
    const { frame, localChecksum, remoteChecksum, playerIndexes } = known;
    events.add({ type: "desync", peerId, frame, localChecksum, remoteChecksum, paths, playerIndexes, evidence });
  }

  /** Both states after `frame` are here. */
  #complete(remote: RemotePeer, frame: number, local: Uint8Array, theirs: Uint8Array): void {
    const { evidence } = remote.reports;
    if (evidence === undefined || frame < evidence.frame || frame > evidence.frame + HISTORY_FRAMES / 2) return;
    const { start } = evidence;
    const whole = { ...evidence, ...this.#rows(start, frame), states: { frame, local, remote: theirs } };
    this.#options.events.add({ type: "desync-evidence", peerId: evidence.peerId, evidence: whole });
  }

  /** What was played from after `start` up to `lastFrame`. */
  #rows(start: DesyncEvidence["start"], lastFrame: number): { readonly rows: Uint8Array; readonly inputsBytes: number } {
    const { runner } = this.#options;
    const inputsBytes = this.#layout.playerCount * this.#layout.inputBytes;
    const first = (start?.frame ?? lastFrame) + 1;
    const rows = new Uint8Array(Math.max(0, lastFrame - first + 1) * (2 + inputsBytes));
    for (let frame = first; frame <= lastFrame; frame++) {
      const offset = (frame - first) * (2 + inputsBytes);
      rows[offset] = runner.botBits(frame);
      rows[offset + 1] = runner.stepFrame(frame) === runner.stepFrame(frame + 1) ? 1 : 0;
      rows.set(runner.row(frame) ?? NO_BYTES, offset + 2);
    }
    return { rows, inputsBytes };
  }
}

const NO_BYTES = new Uint8Array(0);

/** For `RollbackOptions.loadDesync`, where it need not be loaded later. */
export const createDesyncDesk: CreateDesyncDesk = (options) => new DesyncDesk(options);
