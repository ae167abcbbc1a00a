import { DropVote } from "../src/core/wire/drop-vote-codec.ts";
import type { DropView } from "../src/core/rollback/drop-agreement.ts";

export const calm: DropView = { droppable: 0, suspect: 0, words: 0, left: 0, proposes: true, clockMs: 0 };

/** What another member says. */
export const voteOf = (fields: Partial<DropVote>): DropVote => Object.assign(new DropVote(), fields);

export function framesOf(slot: number, frame: number): Int32Array {
  return Int32Array.from({ length: 8 }, (_, index) => (index === slot ? frame : -1));
}

export function generationsOf(slot: number, generation: number): Uint16Array {
  return Uint16Array.from({ length: 8 }, (_, index) => (index === slot ? generation : 0));
}
