import { logRowBytes, LOG_FRAMES_MAX, type ChecksumLog } from "../wire/desync-codec.ts";
import type { FrameRunner } from "./frame-runner.ts";

/** Where two histories of confirmed frames part. */
export interface DesyncFinding {
  readonly frame: number;
  readonly isFirst: boolean;
  readonly localChecksum: number;
  readonly remoteChecksum: number;
  readonly parts: readonly number[];
  readonly playerIndexes: readonly number[];
}

/** Sizes that are the same on all peers. */
export interface HistoryLayout {
  readonly playerCount: number;
  readonly inputBytes: number;
  readonly partCount: number;
}

/** Writes down what was confirmed in the frames up to `lastFrame` and after `agreedFrame`, as far as it is known and fits. */
export function makeChecksumLog(
  runner: FrameRunner,
  layout: HistoryLayout,
  agreedFrame: number,
  lastFrame: number,
): ChecksumLog | undefined {
  const { partCount } = layout;
  let firstFrame = lastFrame + 1;
  const oldest = Math.max(agreedFrame + 1, lastFrame - LOG_FRAMES_MAX + 1);
  while (firstFrame > oldest && isKnown(runner, firstFrame - 1)) firstFrame--;
  const frameCount = lastFrame - firstFrame + 1;
  if (frameCount === 0) return undefined;
  const inputsBytes = layout.playerCount * layout.inputBytes;
  const rowBytes = logRowBytes(partCount, inputsBytes);
  const rows = new Uint8Array(frameCount * rowBytes);
  const view = new DataView(rows.buffer);
  const parts = new Uint32Array(partCount);
  for (let index = 0; index < frameCount; index++) {
    const frame = firstFrame + index;
    const start = index * rowBytes;
    view.setUint32(start, runner.checksum(frame) ?? 0, true);
    view.setUint8(start + 4, runner.botBits(frame));
    rows.set(runner.row(frame) ?? [], start + 5);
    runner.partChecksums(frame, parts, 0);
    parts.forEach((hash, part) => view.setUint32(start + 5 + inputsBytes + 4 * part, hash, true));
  }
  return { firstFrame, frameCount, partCount, rows };
}

/**
 * The first frame in which `theirs` is not what we have; `undefined` when all is the same, or not known here. `agreedFrame`: the newest frame of which
 * both knew before that they agree.
 */
export function findDesync(
  runner: FrameRunner,
  layout: HistoryLayout,
  agreedFrame: number,
  theirs: ChecksumLog,
): DesyncFinding | undefined {
  const ours = makeChecksumLog(runner, layout, theirs.firstFrame - 1, theirs.firstFrame + theirs.frameCount - 1);
  if (ours === undefined || theirs.partCount !== layout.partCount) return undefined;
  const inputsBytes = layout.playerCount * layout.inputBytes;
  const rowBytes = logRowBytes(layout.partCount, inputsBytes);
  const view = new DataView(theirs.rows.buffer);
  const ownView = new DataView(ours.rows.buffer);
  const players = new Set<number>();
  for (let frame = ours.firstFrame; frame < ours.firstFrame + ours.frameCount; frame++) {
    const start = (frame - theirs.firstFrame) * rowBytes;
    const ownStart = (frame - ours.firstFrame) * rowBytes;
    for (let player = 0; player < layout.playerCount; player++) {
      const differs = (index: number): boolean => theirs.rows[start + index] !== ours.rows[ownStart + index];
      const from = 5 + player * layout.inputBytes;
      for (let index = from; index < from + layout.inputBytes; index++) if (differs(index)) players.add(player);
      if ((((theirs.rows[start + 4] ?? 0) ^ (ours.rows[ownStart + 4] ?? 0)) & (1 << player)) !== 0) players.add(player);
    }
    const [localChecksum, remoteChecksum] = [ownView.getUint32(ownStart, true), view.getUint32(start, true)];
    if (localChecksum === remoteChecksum) continue;
    const parts = Array.from({ length: layout.partCount }, (_, part) => part).filter((part) => {
      const offset = 5 + inputsBytes + 4 * part;
      return ownView.getUint32(ownStart + offset, true) !== view.getUint32(start + offset, true);
    });
    const isFirst = frame > ours.firstFrame || frame <= agreedFrame + 1;
    return { frame, isFirst, localChecksum, remoteChecksum, parts, playerIndexes: [...players].toSorted((left, right) => left - right) };
  }
  return undefined;
}

function isKnown(runner: FrameRunner, frame: number): boolean {
  return runner.checksum(frame) !== undefined && runner.row(frame) !== undefined;
}
