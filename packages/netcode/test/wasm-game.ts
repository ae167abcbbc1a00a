import { button, integer } from "../src/core/game/input-schema.ts";
import { defineGame } from "../src/core/game/define-game.ts";
import { memoryState, type GameGlobal, type GameMemory } from "../src/core/game/memory-state.ts";

const [I32, VOID] = [0x7f, 0x40];
/** Where the program keeps the end of what it uses; before it lies what is no state. */
export const WASM_START_BYTES = 256;
const END = 256;
const SUM = 260;
const HEAP = 264;
/** The program takes no more memory from here on: three pages out of four. */
const HEAP_MAX = 190_000;
const CELL_BYTES = 1_024;

/** The exports of the program. */
export interface WasmProgram {
  readonly memory: GameMemory;
  readonly ticks: GameGlobal;
  step(first: number, second: number): void;
}

/** What the game holds: its own instance of the program, and its globals in one array. */
export interface WasmState {
  readonly program: WasmProgram;
  readonly globals: readonly GameGlobal[];
}

/** LEB128, signed, as WebAssembly writes its constants (Core Specification 2.0, 5.2.2). */
function leb(value: number): number[] {
  const bytes: number[] = [];
  let rest = value;
  for (;;) {
    const byte = rest & 0x7f;
    rest >>= 7;
    const isLast = (rest === 0 && (byte & 0x40) === 0) || (rest === -1 && (byte & 0x40) !== 0);
    bytes.push(isLast ? byte : byte | 0x80);
    if (isLast) return bytes;
  }
}

/** The same, unsigned: sizes, indexes and offsets. */
function size(value: number): number[] {
  return value < 0x80 ? [value] : [(value & 0x7f) | 0x80, ...size(value >>> 7)];
}

const section = (id: number, ...bytes: number[]): number[] => [id, ...size(bytes.length), ...bytes];
const text = (name: string): number[] => [name.length, ...Array.from(name, (letter) => letter.charCodeAt(0))];
const constant = (value: number): number[] => [0x41, ...leb(value)];
const local = (index: number): number[] => [0x20, index];
/** Loads and stores of 32 bits at `offset` plus the address on the stack. */
const load = (offset: number): number[] => [0x28, 2, ...size(offset)];
const store = (offset: number): number[] => [0x36, 2, ...size(offset)];
const loadAt = (address: number): number[] => [...constant(0), ...load(address)];
const [EQZ, GT_U, LT_U, ADD, MUL, AND, SHL, SHR_U] = [0x45, 0x4b, 0x49, 0x6a, 0x6c, 0x71, 0x74, 0x76];
const ticks = [0x23, 0];

/**
 * `step(first, second)`: counts in a global, stirs both inputs into a sum, and every now and then takes one more cell of memory, which it finds to
 * be zeros, where a page may have to be added first.
 */
const STEP: readonly number[] = [
  [...ticks, ...constant(1), ADD, 0x24, 0],
  [...loadAt(SUM), ...constant(1_664_525), MUL, ...local(0), ...constant(31), MUL, ADD, ...local(1), ADD, ...ticks, ADD, 0x21, 2],
  [...constant(0), ...local(2), ...store(SUM)],
  [...local(2), ...constant(20), SHR_U, ...constant(3), AND, EQZ, ...loadAt(END), ...constant(HEAP_MAX), LT_U, AND, 0x04, VOID],
  [...loadAt(END), ...constant(CELL_BYTES), ADD, 0x3f, 0, ...constant(16), SHL, GT_U, 0x04, VOID, ...constant(1), 0x40, 0, 0x1a, 0x0b],
  [...loadAt(END), ...loadAt(END), ...load(0), ...local(2), ADD, ...store(0)],
  [...constant(0), ...loadAt(END), ...constant(CELL_BYTES), ADD, ...store(END), 0x0b],
  [0x0b],
].flat();

/** `\0asm`, version 1. */
const HEAD: readonly number[] = [0x00, 0x61, 0x73, 0x6d, 1, 0, 0, 0];

/** One page of memory, at most four; the functions, globals and data above. */
const PROGRAM = Uint8Array.from([
  ...HEAD,
  ...section(1, 1, 0x60, 2, I32, I32, 0),
  ...section(3, 1, 0),
  ...section(5, 1, 1, 1, 4),
  ...section(6, 1, I32, 1, ...constant(0), 0x0b),
  ...section(7, 3, ...text("memory"), 2, 0, ...text("step"), 0, 0, ...text("ticks"), 3, 0),
  ...section(10, 1, ...size(STEP.length + 3), 1, 1, I32, ...STEP),
  ...section(11, 1, 0, ...constant(END), 0x0b, 4, HEAP & 0xff, HEAP >> 8, 0, 0),
]);

const module = new WebAssembly.Module(PROGRAM);

/** A new instance of the program. */
export function startProgram(): WasmState {
  const { exports } = new WebAssembly.Instance(module);
  const program = exports as unknown as WasmProgram;
  return { program, globals: [program.ticks] };
}

/** First byte that the program does not use. */
export function programEnd({ program }: WasmState): number {
  return new DataView(program.memory.buffer).getUint32(END, true);
}

/** A game whose state lies in WebAssembly memory and in a global. */
export const wasmGame = defineGame({
  id: "wasm",
  version: 1,
  frameRateHz: 60,
  players: [2, 2],
  input: { aim: integer(0, 15), fire: button() },
  state: memoryState<WasmState>({
    memory: ({ program }) => program.memory,
    startBytes: WASM_START_BYTES,
    endBytes: programEnd,
    globals: ({ globals }) => globals,
  }),
  init: () => startProgram(),
  step: ({ program }, [first, second]) => {
    program.step((first?.aim ?? 0) + (first?.fire === true ? 16 : 0), (second?.aim ?? 0) + (second?.fire === true ? 16 : 0));
  },
});
