/** What a game imports, and nothing else. The parts below it are in `@rollcall/netcode/core`. */
export { f32, f64, i16, i32, i8, u16, u32, u8, type ArrayField, type ArraySchema, type ArraysOf } from "./core/base/schema.ts";
export {
  message,
  text,
  type MessageDelivery,
  type MessageFields,
  type MessageOptions,
  type MessageType,
  type MessageTypes,
  type NoMessages,
  type PayloadOf,
  type TextField,
} from "./core/base/message-type.ts";
export type { LobbyCode, PeerId } from "./core/base/units.ts";
export { defineGame } from "./core/game/define-game.ts";
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
} from "./core/game/game.ts";
export type { InputCodec } from "./core/game/input-codec.ts";
export { axis, button, integer, type InputField, type InputOf, type InputSchema } from "./core/game/input-schema.ts";
export { memoryState } from "./core/game/memory-state.ts";
export { plainState } from "./core/game/plain-state.ts";
export { snapshotState } from "./core/game/snapshot-state.ts";
export { typedArrayState } from "./core/game/typed-array-state.ts";
export type { GoneReason } from "./core/ports/departure.ts";
export type { LinkPath, LinkStage, LinkStatus } from "./core/ports/link.ts";
export type { Verified } from "./core/ports/membership.ts";
export {
  LINK_FAILURE_REASONS,
  type AttemptEvidence,
  type AttemptStage,
  type CandidateKind,
  type IceServerError,
  type LinkFailure,
  type LinkFailureReason,
} from "./core/ports/link-failure.ts";
export { normalizeLobbyCode } from "./core/ports/lobby-protocol.ts";
export type {
  AudienceRole,
  Ban,
  GameIdentity,
  Json,
  LeaveReason,
  LobbyDoor,
  LobbyFilter,
  LobbyListing,
  LobbyState,
  MatchAgreement,
  MatchSeat,
  Member,
  PlayerProfile,
  Profile,
} from "./core/ports/lobby-protocol.ts";
export type { DesyncEvidence, StateAfter } from "./core/ports/desync-evidence.ts";
export type { DropCause, MatchRole, PeerStats, SessionEvent, SessionPlayer, SessionStats } from "./core/ports/session.ts";
export type {
  ChatMessage,
  IncomingTransfer,
  LobbyChat,
  LobbyMessages,
  MessageOutcome,
  Recipients,
  SendOptions,
  SentTransfer,
  TransferFailure,
  TransferLimits,
  TransferRecipient,
  TransferState,
} from "./facade/content-types.ts";
export { hostLobby, joinLobby, prepareLobby, quickMatch, resumeLobby, startLocalMatch, watchLobbies } from "./facade/browser-facade.ts";
export { botInput } from "./facade/bot-input.ts";
export { CorrectionSmoother, type CorrectionSmootherOptions } from "./presentation/correction-smoother.ts";
export type { LobbyOf, MatchOf } from "./facade/game-types.ts";
export type { BanOptions, ReserveOptions } from "./facade/host-options.ts";
export type { LogEntry, LogLevel, LogScope } from "./facade/log-types.ts";
export type { LobbyList, LobbyListEvents, LobbyListOptions, QuickMatchOptions } from "./facade/public-lobby-types.ts";
export type { LocalMatchOptions, PlayerOptions, ProfileOptions } from "./facade/player-options.ts";
export type { Recordable } from "./facade/recordable.ts";
export { NetcodeError, type NetcodeErrorDetail } from "./facade/netcode-error.ts";
export type { NetcodeErrorCode, NetcodeErrorLike } from "./facade/error-types.ts";
export type {
  HostOptions,
  JoinOptions,
  Lobby,
  LobbyEvents,
  LobbyOptions,
  LobbyPeer,
  LobbySecurity,
  ResumeOptions,
  StartOptions,
} from "./facade/lobby-types.ts";
export type {
  GameEvent,
  GameEventListeners,
  Match,
  MatchEvents,
  MatchPeerStats,
  MatchStats,
  MatchView,
  RunOptions,
} from "./facade/match-types.ts";
