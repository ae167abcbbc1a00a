import type { NoMessages } from "../core/base/message-type.ts";
import type { Game } from "../core/game/game.ts";
import type { InputSchema } from "../core/game/input-schema.ts";
import type { PeerId } from "../core/base/units.ts";
import type { Json } from "../core/ports/lobby-protocol.ts";
import type { Transport } from "../core/ports/transport.ts";
import type { PlayerOptions } from "./player-options.ts";
import type { NetcodeErrorLike } from "./error-types.ts";
import type { LobbyPeer } from "./lobby-types.ts";
import type { Match } from "./match-types.ts";

/** For `connectPeers`. */
export interface PeerGroupOptions<State, Schema extends InputSchema, Result = unknown> {
  readonly game: Game<State, Schema, NoMessages, Result>;
  /** The group's from now on: `leave` disposes of it. */
  readonly transport: Transport;
  /**
   * Ids of all peers, `transport.localPeerId` among them, in an order that is the same for all: of two, the later one dials, and where a vote comes out even
   * the first one's side goes on. 2–64.
   */
  readonly peers: readonly string[];
  /** Aborts connecting; the promise rejects with `CLOSED`. */
  readonly signal?: AbortSignal | undefined;
}

/** Who plays one seat. */
export interface GroupSeat extends PlayerOptions {
  /** One of the group; none: a bot. One peer may have several. */
  readonly peer?: string | undefined;
}

/** All of it has to be the same for every peer. */
export interface GroupMatchOptions {
  /** All randomness of the match: any whole number, of which the low 32 bits count. */
  readonly seed: number;
  /** By player index. */
  readonly seats: readonly GroupSeat[];
  /** `settings` of `init`: plain data of at most 4,096 bytes of JSON. Default: `null`. */
  readonly settings?: Json | undefined;
  /** From this call to frame 0, 0–60,000 ms; default 0. */
  readonly countdownMs?: number | undefined;
}

/** For `group.on`. */
export interface PeerGroupEvents {
  /** Anything of `peers` changed. */
  change: () => void;
  /** A peer said goodbye, or was silent until it was given up. */
  "peer-gone": (peerId: PeerId, reason: "left" | "lost") => void;
  /** No link to a peer could be made. It is tried again, now and then. */
  "peer-unreachable": (peerId: PeerId, error: NetcodeErrorLike) => void;
}

/** Peers that the game has brought together by itself, without a lobby. */
export interface PeerGroup<State, Schema extends InputSchema, Result = unknown> {
  /** How the others are connected. */
  readonly peers: readonly LobbyPeer[];
  /** The one being played; `undefined` before the first, and after `stop`. */
  readonly match: Match<State, Schema, Result> | undefined;
  /** Returns the way to stop listening. */
  on<Name extends keyof PeerGroupEvents>(name: Name, listener: PeerGroupEvents[Name]): () => void;
  /**
   * Starts a match, in place of any before. Every peer of the group has to start it, with equal options and within a second: the matches of a group are
   * counted, and the packets of one carry its number. Throws a `BAD_ARGUMENT`, and what the game's `init` throws.
   */
  startMatch(options: GroupMatchOptions): Match<State, Schema, Result>;
  /** Says goodbye and disposes of the transport. */
  leave(): Promise<void>;
}
