import type { SessionStats } from "../ports/session.ts";
import type { FrameRunner } from "./frame-runner.ts";
import type { LocalInputs } from "./local-inputs.ts";
import type { Outbox } from "./outbox.ts";
import type { MatchPacing } from "./pacing.ts";
import type { RefusalCounts } from "./refusal-counts.ts";
import type { RemotePeers } from "./remote-peers.ts";

export interface StatsSources {
  readonly runner: FrameRunner;
  readonly local: LocalInputs;
  readonly pacing: MatchPacing;
  readonly outbox: Outbox;
  readonly remotes: RemotePeers;
  readonly refusals: RefusalCounts;
  readonly stalledFrames: number;
  readonly datagramsReceived: number;
}

/** A session in figures. */
export function collectStats(sources: StatsSources): SessionStats {
  const { runner, local, pacing, outbox, remotes, refusals, stalledFrames, datagramsReceived } = sources;
  return {
    frame: runner.frame,
    confirmedFrame: runner.confirmedFrame,
    rollbacks: runner.rollbacks,
    resimulatedFrames: runner.resimulatedFrames,
    stalledFrames,
    inputDelayFrames: local.delayFrames,
    predictionWindowFrames: pacing.windowFrames,
    datagramsSent: outbox.datagramsSent,
    datagramBytesSent: outbox.datagramBytesSent,
    datagramsReceived,
    refusals: refusals.toRecord(),
    peers: remotes.list.map(({ endpoint, timeSync }) => ({
      id: endpoint.peerId,
      rttMs: endpoint.rtt.rttMs,
      jitterMs: endpoint.rtt.jitterMs,
      lossRatio: endpoint.outboundLossRatio,
      frameAdvantage: timeSync.frameAdvantage,
    })),
  };
}
