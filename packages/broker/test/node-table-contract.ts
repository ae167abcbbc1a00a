import { expect, test } from "vitest";
import type { NodeTable } from "../src/node-table.ts";

/** Every table of nodes passes this. `create` makes an empty one; `passMs` lets so much of its time pass. */
export function nodeTableContract(create: () => NodeTable | Promise<NodeTable>, passMs: (ms: number) => void | Promise<void>): void {
  test("[CL120] what a node says of itself is there for its lease, and until it takes it back; each sees what all say", async () => {
    const table = await create();
    const said = async (node: string, text: string, leaseMs = 60_000): Promise<unknown> =>
      [...(await table.announce(node, text, leaseMs)).entries()].toSorted(([one], [other]) => (one < other ? -1 : 1));
    expect(await said("a", "one")).toEqual([["a", "one"]]);
    expect(await said("b", 'two words, {"and":"more"}', 1_500)).toEqual([
      ["a", "one"],
      ["b", 'two words, {"and":"more"}'],
    ]);
    expect(await said("a", "")).toHaveLength(2);
    await passMs(1_550);
    expect(await said("c", "three")).toEqual([
      ["a", ""],
      ["c", "three"],
    ]);
    expect(await said("a", "", 0)).toEqual([["c", "three"]]);
  });
}
