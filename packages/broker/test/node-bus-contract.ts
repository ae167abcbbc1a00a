import { expect, test } from "vitest";
import type { NodeBus } from "../src/node-bus.ts";

/** Every bus passes this; `create` makes so many nodes of one cluster. `settle`: what was published has arrived. */
export function nodeBusContract(create: (count: number) => Promise<readonly NodeBus[]>): void {
  const node = (nodes: readonly NodeBus[], index: number): NodeBus => {
    const found = nodes[index];
    if (found === undefined) throw new Error(`no node ${index}`);
    return found;
  };

  /** Texts heard, and a promise for the first `count` of them. */
  const listen = async (bus: NodeBus, channel: string, count: number): Promise<{ texts: string[]; all: Promise<void> }> => {
    const texts: string[] = [];
    let done = (): void => undefined;
    const all = new Promise<void>((resolve) => (done = resolve));
    await bus.subscribe(channel, (text) => {
      if (texts.push(text) === count) done();
    });
    return { texts, all };
  };

  test("[CL4] a text reaches every node that listens to its channel, the sender too, in order, and no other", async () => {
    const nodes = await create(3);
    const [first, second] = [await listen(node(nodes, 0), "a:{x}", 50), await listen(node(nodes, 1), "a:{x}", 50)];
    const other = await listen(node(nodes, 2), "b:{x}", 1);
    const texts = Array.from({ length: 50 }, (_, index) => `text ${index}`);
    const counts = await Promise.all(texts.map((text) => node(nodes, 0).publish("a:{x}", text)));
    await Promise.all([first.all, second.all]);
    expect(new Set(counts)).toEqual(new Set([2]));
    expect([first.texts, second.texts, other.texts]).toEqual([texts, texts, []]);
  });

  test("[CL4] who publishes learns that nobody listens, and who unsubscribed hears nothing more", async () => {
    const nodes = await create(2);
    expect(await node(nodes, 0).publish("a:{x}", "nobody")).toBe(0);
    const before = await listen(node(nodes, 1), "a:{x}", 1);
    expect(await node(nodes, 0).publish("a:{x}", "one")).toBe(1);
    await before.all;
    node(nodes, 1).unsubscribe("a:{x}");
    const marker = await listen(node(nodes, 1), "b:{x}", 1);
    await node(nodes, 0).publish("b:{x}", "later");
    await marker.all;
    expect(await node(nodes, 0).publish("a:{x}", "two")).toBe(0);
    expect(before.texts).toEqual(["one"]);
  });

  test("[CL4] who unsubscribes and subscribes again in one breath hears what comes from then on, each text once", async () => {
    const [bus, other] = await create(2);
    if (bus === undefined || other === undefined) throw new Error("no nodes");
    const texts: string[] = [];
    for (let round = 0; round < 20; round++) {
      bus.unsubscribe("a:{x}");
      await bus.subscribe("a:{x}", (text) => texts.push(text));
      expect(await other.publish("a:{x}", String(round))).toBe(1);
    }
    const marker = await listen(bus, "b:{x}", 1);
    await other.publish("b:{x}", "later");
    await marker.all;
    expect(texts).toEqual(Array.from({ length: 20 }, (_, round) => String(round)));
  });

  test("[CL5] all nodes have the store's clock", async () => {
    const nodes = await create(3);
    const times = nodes.map((bus) => bus.nowMs());
    expect(Math.max(...times) - Math.min(...times)).toBeLessThan(100);
    expect(node(nodes, 0).nowMs()).toBeGreaterThanOrEqual(times[0] ?? 0);
  });
}
