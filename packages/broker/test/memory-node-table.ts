import type { NodeTable } from "../src/node-table.ts";

/** The table of one process. */
export class MemoryNodeTable implements NodeTable {
  readonly #nowMs: () => number;
  readonly #said = new Map<string, { readonly text: string; readonly untilMs: number }>();

  constructor(nowMs: () => number) {
    this.#nowMs = nowMs;
  }

  announce(node: string, text: string, leaseMs: number): Promise<ReadonlyMap<string, string>> {
    this.#said.set(node, { text, untilMs: this.#nowMs() + leaseMs });
    for (const [name, { untilMs }] of this.#said) if (untilMs <= this.#nowMs()) this.#said.delete(name);
    return Promise.resolve(new Map([...this.#said].map(([name, said]) => [name, said.text])));
  }
}
