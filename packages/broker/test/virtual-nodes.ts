import { afterEach, vi } from "vitest";
import type { VirtualNode } from "./virtual-node.ts";
import { useVirtualTime } from "./virtual-time.ts";

/** The nodes of the test that runs, for all tests of this file, in virtual time: what is put there is closed when the test is over. */
export function useVirtualNodes(): VirtualNode[] {
  const nodes: VirtualNode[] = [];
  // First, so that time is still virtual when nodes close.
  useVirtualTime();
  afterEach(async () => {
    const closing = Promise.all(nodes.splice(0).map((node) => node.close()));
    await vi.advanceTimersByTimeAsync(1_000);
    await closing;
  });
  return nodes;
}
