import type { MessageTypes, NoMessages } from "../base/message-type.ts";
import type { Random } from "../base/random.ts";
import type { ArraySchema } from "../base/schema.ts";
import type { InputCodec } from "./input-codec.ts";
import type { InputSchema, InputOf } from "./input-schema.ts";
import type { Json, PlayerProfile } from "../ports/lobby-protocol.ts";

/** One seat as `init` and `step` see it. */
export interface PlayerInfo {
  readonly index: number;
  readonly name: string;
  readonly colour: number;
  /** What the player chose in the lobby; whatever the game let it choose. Not validated by the library: another member's, so hostile. */
  readonly choices: Json;
  /** A bot's seat from the start. During a match ask `StepContext.isBot`, which changes when a player drops. */
  readonly bot: boolean;
}

export interface InitContext {
  readonly playerCount: number;
  readonly players: readonly PlayerInfo[];
  /** Match settings from the lobby (the host's choice): validate before use. */
  readonly settings: Json;
  readonly random: Random;
}

export interface StepContext {
  /** Number of this step, from 0. Pauses do not count. */
  readonly frame: number;
  /** Saved and rolled back with the state. */
  readonly random: Random;
  /** Tells the outside world something that happened in this step (a sound, a particle burst); delivered once, whatever is resimulated. */
  readonly emit: (name: string, payload?: unknown) => void;
  /** True when the seat is played by its bot in this frame. */
  readonly isBot: (playerIndex: number) => boolean;
}

/**
 * How a state is saved, loaded and hashed. `plainState()` suits any tree of plain data; `typedArrayState()` copies memory and is the fast one;
 * a game with its own memory (WASM, a physics engine) brings its own.
 */
export interface StateCodec<State> {
  /** The fields of the state, where they are declared: part of the content hash. */
  readonly schema?: ArraySchema;
  /** The state is plain data, and has to keep its rule. */
  readonly isPlain?: boolean;
  /** Called when a simulation knows how many slots it needs; with 0 where only checksums are asked for. */
  open(slotCount: number): StateSlots<State>;
}

export interface StateSlots<State> {
  save(slot: number, state: State): void;
  /** Returns the live state: `live` itself, overwritten, or a new object. */
  load(slot: number, live: State): State;
  /** Unsigned 32 bits. `savedSlot`: a slot that holds exactly this state, where there is one, so that its bytes need not be made again. */
  checksum(state: State, savedSlot?: number): number;
  /** As `checksum`, of what a slot holds. With it (and with that of `parts`) only states that peers compare are hashed, not each that is simulated. */
  slotChecksum?(slot: number): number;
  /** Where there are parts, a simulation hashes those, and never asks for `checksum`. Without them the state is one part. */
  readonly parts?: StateParts<State>;
  /** The state as bytes of its own. */
  serialize(state: State): Uint8Array;
  /** What `serialize` wrote as the live state: `live` itself, overwritten, or a new object. `undefined`, and `live` as it was, for bytes that are no state: anybody may have sent them. */
  deserialize(bytes: Uint8Array, live: State): State | undefined;
  /** For the developer: a copy of what a slot holds, as plain data or typed arrays by name, to see where two states differ. */
  inspect?(slot: number): unknown;
  /** The same of the live state. */
  inspectLive?(state: State): unknown;
}

/** A state in parts that are hashed each by itself, so that peers whose states differ can say where. Together they are all of it. */
export interface StateParts<State> {
  /** 1–63, always the same: one of the 64 parts of a simulation is its random generator. */
  readonly partCount: number;
  /** What a person calls that part: the path of a field in `state`. */
  partName(part: number, state: State): string;
  /** Writes unsigned 32 bits for each part to `into[offset …)`. `savedSlot` as for `checksum`. Allocates nothing that can be avoided: called in every frame. */
  partChecksums(state: State, into: Uint32Array, offset: number, savedSlot?: number): void;
  /** As `partChecksums`, of what a slot holds; see `StateSlots.slotChecksum`. */
  slotPartChecksums?(slot: number, into: Uint32Array, offset: number): void;
}

/** What `defineGame` takes. `step` may mutate `state`; nobody else may. */
export interface GameOptions<State, Schema extends InputSchema, Messages extends MessageTypes = NoMessages, Result = unknown> {
  /** Letters, digits, dots and dashes; at most 64. */
  readonly id: string;
  /** Peers play together only with equal versions. */
  readonly version: number;
  /** 1–240. */
  readonly frameRateHz: number;
  /** Fewest and most players, within 1–8. */
  readonly players: readonly [number, number];
  readonly input: Schema;
  readonly init: (context: InitContext) => State;
  /**
   * Deterministic. Return a new state, or mutate the given one and return nothing. `inputs`: by player index. `context` and the list of inputs are the same
   * objects in every step, and so are the inputs of a typed-array state; a state that can hold objects may keep an input.
   */
  readonly step: (state: State, inputs: readonly InputOf<Schema>[], context: StepContext) => State | void;
  /** Input of a bot's seat, asked in every step before `step`; without it a bot's input is all zeros. Deterministic. */
  readonly bot?: ((state: State, playerIndex: number, context: StepContext) => InputOf<Schema>) | undefined;
  /** The result once the match is over (plain data, so no function), else `undefined`: `false` and `null` are results, too. Asked after every step; `match.ended` has its type. */
  readonly result?: ((state: State) => Result | undefined) | undefined;
  /** Default: `plainState()`. */
  readonly state?: StateCodec<State> | undefined;
  /** What members may say to each other in the lobby and during a match, by `message()`: part of the content hash. Not a part of the state: what must be equal on all peers is an input. */
  readonly messages?: Messages | undefined;
  /** Anything else that must be equal on all peers (a level's hash, a data version): part of the content hash. */
  readonly content?: string | undefined;
}

/** A checked game definition. */
export interface Game<State, Schema extends InputSchema, Messages extends MessageTypes = NoMessages, Result = unknown> extends GameOptions<
  State,
  Schema,
  Messages,
  Result
> {
  /** Packed size of one player's input, 1–16. */
  readonly inputBytes: number;
  readonly inputCodec: InputCodec<Schema>;
  /** 8 lowercase hex digits over everything that peers must share. */
  readonly contentHash: string;
  readonly state: StateCodec<State>;
}

/** What a match is made of, besides the game: equal on all peers. */
export interface MatchSetup {
  readonly seed: number;
  readonly players: readonly { readonly profile: PlayerProfile; readonly bot: boolean }[];
  readonly settings: Json;
}
