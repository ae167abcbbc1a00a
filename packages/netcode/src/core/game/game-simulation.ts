import { assert } from "../base/assert.ts";
import { checksumWords } from "../base/checksum.ts";
import { toPlain, toPlainText } from "../base/plain.ts";
import { Random } from "../base/random.ts";
import { SNAPSHOT_BYTES_MAX, STATE_PARTS_MAX, type EmitEvent, type Simulation } from "../ports/simulation.ts";
import { packPlain, unpackPlain } from "../wire/payload-codec.ts";
import type { Game, MatchSetup, PlayerInfo, StateSlots, StepContext } from "./game.ts";
import type { InputOf, InputSchema } from "./input-schema.ts";

/** No slot holds the live state. */
const NO_SLOT = -1;

/** What a saved slot holds. */
export interface SlotContents {
  /** As the codec shows it; `undefined` when it does not. */
  readonly state: unknown;
  /** The words of the random generator. */
  readonly random: Uint32Array;
}

/**
 * A match of a defined game, as a session runs it. Equal `game` and `setup` and equal steps give equal states, checksums and events everywhere.
 *
 * The state that the session sees is the game's state together with its random generator: both are saved, loaded and hashed.
 */
export class GameSimulation<State, Schema extends InputSchema> implements Simulation {
  readonly frameRateHz: number;
  readonly playerCount: number;
  readonly inputBytes: number;
  readonly #game: Game<State, Schema>;
  readonly #random: Random;
  /** The words of the generator, as bytes to hash. */
  readonly #randomBytes: Uint8Array;
  readonly #inputs: InputOf<Schema>[];
  /** A state with a schema lies in arrays and cannot keep an input object, so that one per player is enough. */
  readonly #reusesInputs: boolean;
  /** One input on its way through `pack`, so that a bot's input is quantised as a person's is. */
  readonly #packedBotInput: Uint8Array;
  readonly #context: MutableContext;
  #state: State;
  #slots: StateSlots<State> | undefined;
  #slotCount = 0;
  /** Random words of each slot. */
  #savedRandom = new Uint32Array(0);
  /** A slot that holds exactly the live state. */
  #cleanSlot = NO_SLOT;
  /** Hashes of the live state, once one was asked for: the random generator, then the parts of the state. */
  readonly #parts = new Uint32Array(STATE_PARTS_MAX);
  #hasParts = false;
  /** The same of a slot. */
  readonly #slotHashes = new Uint32Array(STATE_PARTS_MAX);
  #emit: EmitEvent = ignoreEvent;
  #bots: Uint8Array;

  constructor(game: Game<State, Schema>, setup: MatchSetup) {
    const { players } = setup;
    const [fewest, most] = game.players;
    assert(players.length >= fewest && players.length <= most, `${fewest}–${most} players for "${game.id}", got ${players.length}`);
    this.#game = game;
    this.frameRateHz = game.frameRateHz;
    this.playerCount = players.length;
    this.inputBytes = game.inputBytes;
    this.#inputs = players.map(() => game.inputCodec.neutral());
    this.#reusesInputs = game.state.schema !== undefined;
    this.#packedBotInput = new Uint8Array(game.inputBytes);
    this.#bots = new Uint8Array(players.length);
    this.#random = new Random(setup.seed, "game");
    this.#randomBytes = new Uint8Array(this.#random.words.buffer);
    this.#context = {
      frame: 0,
      random: this.#random,
      emit: (name, payload) => this.#emit(name, payload),
      isBot: (playerIndex) => this.#bots[playerIndex] === 1,
    };
    this.#state = game.init({
      playerCount: players.length,
      players: players.map(playerInfo),
      settings: toPlain(setup.settings),
      random: this.#random,
    });
  }

  /** The live state. Only `step` may change it. */
  get state(): State {
    return this.#state;
  }

  /** The match's random generator. Only the game's own functions may draw from it. */
  get random(): Random {
    return this.#random;
  }

  /** Quantises and packs one player's input into `inputBytes` bytes at `offset`. */
  packInput(input: Readonly<InputOf<Schema>>, into: Uint8Array, offset: number): void {
    this.#game.inputCodec.pack(input, into, offset);
  }

  step(frame: number, inputs: Uint8Array, bots: Uint8Array, emit: EmitEvent): void {
    assert(inputs.length === this.playerCount * this.inputBytes, "packed inputs of all players");
    const { inputCodec, step } = this.#game;
    this.#context.frame = frame;
    this.#bots = bots;
    this.#emit = emit;
    this.#cleanSlot = NO_SLOT;
    this.#hasParts = false;
    for (let playerIndex = 0; playerIndex < this.playerCount; playerIndex++) {
      const input = this.#reusesInputs ? (this.#inputs[playerIndex] ?? inputCodec.neutral()) : inputCodec.neutral();
      if (bots[playerIndex] === 1) this.#askBot(playerIndex, input);
      else inputCodec.unpack(inputs, playerIndex * this.inputBytes, input);
      this.#inputs[playerIndex] = input;
    }
    const next = step(this.#state, this.#inputs, this.#context);
    if (next !== undefined) this.#state = next;
    this.#emit = ignoreEvent;
  }

  reserveSlots(slotCount: number): void {
    assert(Number.isInteger(slotCount) && slotCount >= 1, "at least one slot");
    this.#slotCount = slotCount;
    this.#cleanSlot = NO_SLOT;
    this.#slots = this.#game.state.open(slotCount);
    this.#savedRandom = new Uint32Array(slotCount * this.#random.words.length);
  }

  save(slot: number): void {
    this.#openSlots(slot).save(slot, this.#state);
    const words = this.#random.words;
    for (let index = 0; index < words.length; index++) this.#savedRandom[slot * words.length + index] = words[index] ?? 0;
    this.#cleanSlot = slot;
  }

  load(slot: number): void {
    this.#state = this.#openSlots(slot).load(slot, this.#state);
    const words = this.#random.words;
    for (let index = 0; index < words.length; index++) words[index] = this.#savedRandom[slot * words.length + index] ?? 0;
    this.#cleanSlot = slot;
    this.#hasParts = false;
  }

  checksum(): number {
    this.#hashParts();
    return checksumWords(this.#parts, 0, this.partCount);
  }

  /** Words of the generator, then the state. */
  serialize(): Uint8Array {
    const state = this.#anySlots().serialize(this.#state);
    const bytes = new Uint8Array(this.#randomBytes.length + state.length);
    bytes.set(this.#randomBytes);
    bytes.set(state, this.#randomBytes.length);
    return bytes;
  }

  deserialize(bytes: Uint8Array): boolean {
    const randomSize = this.#randomBytes.length;
    if (bytes.length < randomSize || bytes.length > SNAPSHOT_BYTES_MAX) return false;
    const state = this.#anySlots().deserialize(bytes.subarray(randomSize), this.#state);
    if (state === undefined) return false;
    this.#state = state;
    this.#randomBytes.set(bytes.subarray(0, randomSize));
    this.#cleanSlot = NO_SLOT;
    this.#hasParts = false;
    return true;
  }

  get partCount(): number {
    return 1 + (this.#anySlots().parts?.partCount ?? 1);
  }

  partName(part: number): string {
    if (part === 0) return "random";
    return this.#anySlots().parts?.partName(part - 1, this.#state) ?? "state";
  }

  partChecksums(into: Uint32Array, offset: number): void {
    this.#hashParts();
    for (let part = this.partCount - 1; part >= 0; part--) into[offset + part] = this.#parts[part] ?? 0;
  }

  get hashesSlots(): boolean {
    const slots = this.#anySlots();
    return slots.parts === undefined ? slots.slotChecksum !== undefined : slots.parts.slotPartChecksums !== undefined;
  }

  hashSlot(slot: number, into: Uint32Array, offset: number): number {
    const slots = this.#openSlots(slot);
    const hashes = this.#slotHashes;
    const wordCount = this.#random.words.length;
    hashes[0] = checksumWords(this.#savedRandom, 0, (slot + 1) * wordCount, slot * wordCount);
    if (slots.parts === undefined) hashes[1] = slots.slotChecksum?.(slot) ?? 0;
    else slots.parts.slotPartChecksums?.(slot, hashes, 1);
    const { partCount } = this;
    for (let part = 0; part < partCount; part++) into[offset + part] = hashes[part] ?? 0;
    return checksumWords(hashes, 0, partCount);
  }

  /** A copy of the live state and of the words of its random generator. */
  inspectLive(): SlotContents {
    return { state: this.#anySlots().inspectLive?.(this.#state), random: this.#random.words.slice() };
  }

  /** A copy: the session keeps a result while the state goes on changing. */
  result(): unknown {
    const result = this.#game.result?.(this.#state);
    if (result === undefined) return undefined;
    // It would come out of the copy as `undefined`: the match would never end.
    assert(typeof result !== "function", "result to give plain data, got a function");
    const bytes = new Uint8Array(packPlain(result));
    return unpackPlain(bytes, bytes.length);
  }

  /** For the developer: a copy of what a slot holds. */
  inspect(slot: number): SlotContents {
    const wordCount = this.#random.words.length;
    const random = this.#savedRandom.slice(slot * wordCount, (slot + 1) * wordCount);
    return { state: this.#openSlots(slot).inspect?.(slot), random };
  }

  #askBot(playerIndex: number, input: InputOf<Schema>): void {
    const { inputCodec, bot } = this.#game;
    if (bot === undefined) this.#packedBotInput.fill(0);
    else inputCodec.pack(bot(this.#state, playerIndex, this.#context), this.#packedBotInput, 0);
    inputCodec.unpack(this.#packedBotInput, 0, input);
  }

  #hashParts(): void {
    if (this.#hasParts) return;
    const parts = this.#parts;
    const slots = this.#anySlots();
    const savedSlot = this.#cleanSlot === NO_SLOT ? undefined : this.#cleanSlot;
    parts[0] = checksumWords(this.#random.words);
    if (slots.parts === undefined) parts[1] = slots.checksum(this.#state, savedSlot);
    else slots.parts.partChecksums(this.#state, parts, 1, savedSlot);
    this.#hasParts = true;
  }

  /** Before `reserveSlots` there are none, and the codec still hashes and serialises. */
  #anySlots(): StateSlots<State> {
    return (this.#slots ??= this.#game.state.open(0));
  }

  #openSlots(slot: number): StateSlots<State> {
    assert(this.#slots !== undefined && slot >= 0 && slot < this.#slotCount, "a slot that was reserved");
    return this.#slots;
  }
}

interface MutableContext extends StepContext {
  frame: number;
}

/** Names and choices are other people's words: made plain, so that a state may hold them. */
function playerInfo({ profile, bot }: MatchSetup["players"][number], index: number): PlayerInfo {
  return Object.freeze({ index, name: toPlainText(profile.name), colour: profile.colour + 0, choices: toPlain(profile.choices), bot });
}

function ignoreEvent(): void {}
