import { assert } from "../base/assert.ts";
import { NULL_FRAME } from "../base/units.ts";

/**
 * Frames that a session remembers, a power of two. It looks back at most 62 frames for what a peer has not acked, 63 for the inputs of a peer that
 * dropped, 120 for checksums; a peer runs at most 64 ahead, a new one's first frame lies at most 100 ahead. At half, these would overwrite each other.
 */
export const HISTORY_FRAMES = 256;

/** A bot needs no input: as far as it goes, every frame is confirmed. */
export const ALWAYS = 0x7fff_ffff;

/**
 * The real inputs of all players for the newest `HISTORY_FRAMES` frames: one row per frame, one column per player. A column only grows by
 * the next frame, and an input once stored never changes. A bot has zeros; its column grows again when somebody takes the seat.
 */
export class InputTable {
  readonly playerCount: number;
  readonly inputBytes: number;
  readonly #rows: Uint8Array;
  readonly #rowBytes: number;
  readonly #lastFrames: Int32Array;
  /** From this frame on the column is a bot's. */
  readonly #botFrames: Int32Array;
  /** The bot before that: from the first frame to before the second. An earlier one is further back than anybody asks. */
  readonly #oldBotFrames: Int32Array;
  readonly #oldBotEnds: Int32Array;
  readonly #localPlayers: readonly number[];
  /** What `completeFrame` and `remoteCompleteFrame` answer: asked for many times in each frame, and changed by what arrives. */
  #complete: number = NULL_FRAME;
  #remoteComplete: number = NULL_FRAME;
  #isStale = true;

  constructor(playerCount: number, inputBytes: number, localPlayers: readonly number[]) {
    this.#localPlayers = localPlayers;
    this.playerCount = playerCount;
    this.inputBytes = inputBytes;
    this.#rowBytes = playerCount * inputBytes;
    this.#rows = new Uint8Array(HISTORY_FRAMES * this.#rowBytes);
    this.#lastFrames = new Int32Array(playerCount).fill(NULL_FRAME);
    this.#botFrames = new Int32Array(playerCount).fill(ALWAYS);
    this.#oldBotFrames = new Int32Array(playerCount).fill(ALWAYS);
    this.#oldBotEnds = new Int32Array(playerCount).fill(ALWAYS);
  }

  /** The last frame whose input of `player` is here. */
  lastFrame(player: number): number {
    return this.#lastFrames[player] ?? NULL_FRAME;
  }

  /** The last frame with the real input of every player that is not a bot. */
  completeFrame(): number {
    if (this.#isStale) this.#findComplete();
    return this.#complete;
  }

  /** The same without our own players, whose next input is always to be had. */
  remoteCompleteFrame(): number {
    if (this.#isStale) this.#findComplete();
    return this.#remoteComplete;
  }

  /** The players whose bits are set, by rising index. */
  playersIn(bits: number): readonly number[] {
    return Array.from({ length: this.playerCount }, (_, player) => player).filter((player) => (bits & (1 << player)) !== 0);
  }

  /** The seat of `player` is its bot's from `frame` on. */
  setBotFrom(player: number, frame: number): void {
    this.#botFrames[player] = frame;
    this.#isStale = true;
  }

  /** The first frame of the bot that plays last, `ALWAYS` when a person does. */
  botFrom(player: number): number {
    return this.#botFrames[player] ?? ALWAYS;
  }

  /** From `frame` on, which is after `botFrom`, the seat is a person's: the next input to append is that of `frame`. */
  restart(player: number, frame: number): void {
    const botFrame = this.botFrom(player);
    assert(botFrame <= frame, "a bot's seat");
    this.#oldBotFrames[player] = botFrame;
    this.#oldBotEnds[player] = frame;
    this.#botFrames[player] = ALWAYS;
    const oldest = Math.max(0, botFrame, frame - HISTORY_FRAMES);
    for (let blank = oldest; blank < frame; blank++) this.#clear(player, blank);
    this.#lastFrames[player] = frame - 1;
    this.#isStale = true;
  }

  isBot(player: number, frame: number): boolean {
    if (frame >= (this.#botFrames[player] ?? ALWAYS)) return true;
    return frame < (this.#oldBotEnds[player] ?? ALWAYS) && frame >= (this.#oldBotFrames[player] ?? ALWAYS);
  }

  /**
   * Begins in the middle of a match: fills in the inputs of all players in `frame`, by rising frame without a gap, after all `setBotFrom` and `restart`. False when it is too
   * old: a seat that changes hands later has its zeros in that place.
   */
  backfill(frame: number, row: Uint8Array): boolean {
    for (let player = 0; player < this.playerCount; player++) if (frame <= this.lastFrame(player) - HISTORY_FRAMES) return false;
    for (let player = 0; player < this.playerCount; player++) {
      const start = player * this.inputBytes;
      const target = this.#offset(player, frame);
      for (let index = 0; index < this.inputBytes; index++) this.#rows[target + index] = row[start + index] ?? 0;
      if (frame > this.lastFrame(player)) this.#lastFrames[player] = frame;
    }
    this.#isStale = true;
    return true;
  }

  /** Copies the input of the frame after `lastFrame(player)`. */
  append(player: number, source: Uint8Array, offset: number): void {
    const frame = this.lastFrame(player) + 1;
    const start = this.#offset(player, frame);
    for (let index = 0; index < this.inputBytes; index++) this.#rows[start + index] = source[offset + index] ?? 0;
    this.#lastFrames[player] = frame;
    this.#isStale = true;
  }

  /** True when the stored input of `player` in `frame` has these bytes. */
  equals(player: number, frame: number, source: Uint8Array, offset: number): boolean {
    const start = this.#offset(player, frame);
    for (let index = 0; index < this.inputBytes; index++) if (this.#rows[start + index] !== source[offset + index]) return false;
    return true;
  }

  /** True when `frame` is stored and not overwritten. */
  holds(player: number, frame: number): boolean {
    const last = this.lastFrame(player);
    return frame >= 0 && frame <= last && frame > last - HISTORY_FRAMES;
  }

  /** Copies the inputs of `player` in `count` frames from `frame` on; frames before 0 read as zeros. */
  copyColumn(player: number, frame: number, count: number, target: Uint8Array): void {
    const bytes = this.inputBytes;
    for (let row = 0; row < count; row++) {
      const start = this.#offset(player, frame + row);
      for (let index = 0; index < bytes; index++) target[row * bytes + index] = frame + row < 0 ? 0 : (this.#rows[start + index] ?? 0);
    }
  }

  /**
   * The input that `player` is to be simulated with in `frame`: the real one, or the last real one repeated (people hold a key for many frames),
   * or zeros for a bot and before the first. Writes `inputBytes` to `target[offset …)`.
   */
  predict(player: number, frame: number, target: Uint8Array, offset: number): void {
    const from = Math.min(frame, this.lastFrame(player));
    const blank = from < 0 || this.isBot(player, frame);
    const start = this.#offset(player, from);
    for (let index = 0; index < this.inputBytes; index++) target[offset + index] = blank ? 0 : (this.#rows[start + index] ?? 0);
  }

  #findComplete(): void {
    let remote = ALWAYS;
    let local = ALWAYS;
    for (let player = 0; player < this.playerCount; player++) {
      const complete = this.#completeFrameOf(player);
      if (this.#localPlayers.includes(player)) local = Math.min(local, complete);
      else remote = Math.min(remote, complete);
    }
    this.#remoteComplete = remote;
    this.#complete = Math.min(local, remote);
    this.#isStale = false;
  }

  /** A column that has all it will ever get before the bot takes over holds nobody up. */
  #completeFrameOf(player: number): number {
    const last = this.lastFrame(player);
    return last + 1 < (this.#botFrames[player] ?? ALWAYS) ? last : ALWAYS;
  }

  #clear(player: number, frame: number): void {
    const start = this.#offset(player, frame);
    this.#rows.fill(0, start, start + this.inputBytes);
  }

  #offset(player: number, frame: number): number {
    assert(player >= 0 && player < this.playerCount, "a player of this match");
    return (frame & (HISTORY_FRAMES - 1)) * this.#rowBytes + player * this.inputBytes;
  }
}
