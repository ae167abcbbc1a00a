import { NULL_FRAME } from "../base/units.ts";
import type { FrameRunner } from "./frame-runner.ts";
import type { RefusalCounts } from "./refusal-counts.ts";
import type { RemotePeer } from "./remote-peer.ts";
import type { SessionEvents } from "./session-events.ts";

export interface ChecksumWatchOptions {
  readonly runner: FrameRunner;
  readonly events: SessionEvents;
  readonly refusals: RefusalCounts;
}

/** Compares what the others say of confirmed frames with what we have. */
export class ChecksumWatch {
  readonly #runner: FrameRunner;
  readonly #events: SessionEvents;
  readonly #refusals: RefusalCounts;

  constructor(options: ChecksumWatchOptions) {
    this.#runner = options.runner;
    this.#events = options.events;
    this.#refusals = options.refusals;
  }

  /** Looks at the report of `remote` that waits, if its frame is confirmed here. `isFrozen`: it has no say any more. */
  compare(remote: RemotePeer, isFrozen: boolean): void {
    const { checksumFrame: frame, checksum: remoteChecksum } = remote;
    if (frame === NULL_FRAME || (frame > this.#runner.confirmedFrame && !isFrozen)) return;
    remote.checksumFrame = NULL_FRAME;
    // Whom we drop may have confirmed frames with inputs that died with it.
    if (isFrozen) return;
    const localChecksum = this.#runner.checksum(frame);
    if (localChecksum === undefined || localChecksum === remoteChecksum) return;
    this.#refusals.add("desync");
    if (remote.isDesynced) return;
    remote.isDesynced = true;
    this.#events.add({ type: "desync", peerId: remote.endpoint.peerId, frame, localChecksum, remoteChecksum });
  }
}
