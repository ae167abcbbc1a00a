import type { RemotePeer } from "./remote-peer.ts";
import { paceRatio } from "./time-sync.ts";

/** The clock rate that brings us in step with all the others. */
export class MatchPacing {
  /** `runningMs`: since our first frame. `isFrozen`: who does not count any more, by rank. */
  ratio(remotes: readonly RemotePeer[], isFrozen: (member: number) => boolean, runningMs: number): number {
    let advance = 0;
    let count = 0;
    for (const { member, isSuspect, timeSync } of remotes) {
      if (isSuspect || isFrozen(member)) continue;
      advance += timeSync.frameAdvantage;
      count++;
    }
    return count === 0 ? 1 : paceRatio(advance / count, runningMs);
  }
}
