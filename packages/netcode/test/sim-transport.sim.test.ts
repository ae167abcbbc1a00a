import type { PeerId } from "../src/core/base/units.ts";
import { LINK_PROFILES, SIGNALING_DEFAULTS, SimNetwork, SimSignaling, SimTransport, type LinkProfile } from "../src/sim/index.ts";
import { describeTransport, type TransportWorld } from "./transport-contract.ts";

const DEADLINE_MS = 60_000;

function simulate(seed: number, profile: LinkProfile): TransportWorld {
  const network = new SimNetwork({ seed, conditions: LINK_PROFILES[profile] });
  const { scheduler } = network;
  const signaling = new SimSignaling(scheduler, network.random("signaling"), SIGNALING_DEFAULTS);
  let count = 0;
  return {
    join: async () => new SimTransport(network, signaling, `peer-${count++}` as PeerId),
    until: async (condition) => {
      const endMs = scheduler.nowMs + DEADLINE_MS;
      while (!condition()) {
        if (scheduler.nowMs > endMs || !scheduler.runNext()) throw new Error(`nothing happened, seed ${seed}: ${String(condition)}`);
      }
    },
    connectionCount: () => 0,
    dispose: async () => {},
  };
}

describeTransport("the simulated transport on a perfect network", async () => simulate(1, "perfect"));
describeTransport("the simulated transport on Wi-Fi", async () => simulate(2, "wifi"));
