/** The state machines of Rollcall, without clock, socket or random source: for simulators, tests, servers, and drivers of one's own. */
export { AssertionError } from "./base/assert.ts";
export { Random } from "./base/random.ts";
export {
  f32,
  f64,
  i16,
  i32,
  i8,
  u16,
  u32,
  u8,
  type ArrayField,
  type ArrayLayout,
  type ArraySchema,
  type ArraysOf,
  type ElementType,
  type FieldLayout,
} from "./base/schema.ts";
export { MEMBERS_MAX, NULL_FRAME, PLAYERS_MAX, parsePeerId, type LobbyCode, type PeerId } from "./base/units.ts";
export { defineGame } from "./game/define-game.ts";
export { GameSimulation, type SlotContents } from "./game/game-simulation.ts";
export type {
  Game,
  GameOptions,
  InitContext,
  MatchSetup,
  PlayerInfo,
  StateCodec,
  StateParts,
  StateSlots,
  StepContext,
} from "./game/game.ts";
export type { InputCodec } from "./game/input-codec.ts";
export {
  axis,
  button,
  integer,
  randomInput,
  type AxisField,
  type ButtonField,
  type InputField,
  type InputOf,
  type InputSchema,
  type IntegerField,
} from "./game/input-schema.ts";
export { memoryState, type GameGlobal, type GameMemory, type MemoryStateOptions } from "./game/memory-state.ts";
export { plainState } from "./game/plain-state.ts";
export { snapshotState, type SnapshotStateOptions } from "./game/snapshot-state.ts";
export {
  SyncTestSession,
  syncTest,
  type SyncTestFault,
  type SyncTestFaultKind,
  type SyncTestOptions,
  type SyncTestReport,
} from "./game/sync-test.ts";
export { typedArrayState, type TypedArrayState } from "./game/typed-array-state.ts";
export { LinkMesh, type LinkMeshOptions } from "./link/link-mesh.ts";
export type { LinkRole } from "./link/link-options.ts";
export type { RosterTrust } from "./link/roster-exchange.ts";
export type { EntranceKeys, LobbyEntrance } from "./lobby/lobby-entrance.ts";
export type { LobbyFailure } from "./lobby/lobby-failure.ts";
export { LobbyMember, type LobbyMemberOptions } from "./lobby/lobby-member.ts";
export type { LobbyMemberEvent, SocketAction } from "./lobby/lobby-member-outputs.ts";
export type { DesyncEvidence, StateAfter } from "./ports/desync-evidence.ts";
export type { Farewell } from "./ports/departure.ts";
export { gameDifference, type GameDifference } from "./ports/game-difference.ts";
export * from "./ports/link.ts";
export type { AttemptEvidence, LinkFailure, LinkFailureReason } from "./ports/link-failure.ts";
export type { Fingerprints, MembershipKeeper, MembershipProof, ProofVerdict, Verified } from "./ports/membership.ts";
export type { NegotiationCommand, NegotiationReport } from "./ports/negotiation.ts";
export type * from "./ports/session.ts";
export type * from "./ports/simulation.ts";
export * from "./ports/transport.ts";
export { FollowSession, type FollowOptions } from "./rollback/follow-session.ts";
export type { CreateDesyncDesk, LoadDesyncDesk } from "./rollback/checksum-watch.ts";
export { createFollowing, type CreateFollowing } from "./rollback/following.ts";
export type { FrameRange } from "./rollback/frame-range.ts";
export { MatchSession, type MatchOptions } from "./rollback/match-session.ts";
export { createDesyncDesk } from "./rollback/desync-desk.ts";
export { RollbackSession, type RollbackOptions } from "./rollback/rollback-session.ts";
export type { SessionSnapshot, SessionStart, SettledSource } from "./rollback/settled-source.ts";
export type { InputDelayEntry, PauseEntry, SeatToBotEntry, SeatToPlayerEntry, TimelineEntry } from "./rollback/timeline.ts";
