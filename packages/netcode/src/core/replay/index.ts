/** Recording a match, playing it again, and proving that it comes out the same. For tools and pages that show replays: a match needs none of it. */
export { MatchRecorder, type MatchRecorderOptions } from "./match-recorder.ts";
export { decodeReplay, encodeReplay, type DecodeReplayOptions, type ReplayRefusal, type ReplayResult } from "./replay-codec.ts";
export { ReplayPlayer, findReplayMismatch, type ReplayMismatch } from "./replay-player.ts";
export { fromLinkText, toLinkText } from "./replay-text.ts";
export { endFrameOf, firstFrameOf, type Replay, type ReplayChecksum, type ReplayGame, type ReplayStart } from "./replay.ts";
export type { InputRows } from "./input-coding.ts";
export { verifyReplay, type ReplayVerdict } from "./verify-replay.ts";
export type { PlainDifference } from "../base/plain-differences.ts";
export { replayDesyncReport, type DesyncReplay, type DesyncVerdict } from "../game/desync-replay.ts";
export { parseDesyncReport, writeDesyncReport, type DesyncReport, type DesyncReportOptions } from "../game/desync-report.ts";
