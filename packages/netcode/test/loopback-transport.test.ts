import type { PeerId } from "../src/core/base/units.ts";
import { LoopbackHub } from "../src/adapters/loopback.ts";
import { describeTransport } from "./transport-contract.ts";

describeTransport("the loopback", async () => {
  const hub = new LoopbackHub();
  let count = 0;
  return {
    join: async () => hub.connect(`peer-${count++}` as PeerId),
    until: async (condition) => {
      for (let turn = 0; !condition(); turn++) {
        if (turn > 10_000) throw new Error(`nothing happened: ${String(condition)}`);
        await Promise.resolve();
      }
    },
    connectionCount: () => 0,
    dispose: async () => {},
  };
});
