import { describe } from "vitest";
import { claimStoreContract } from "../test/claim-store-contract.ts";
import { lobbyStoreContract } from "../test/lobby-store-contract.ts";
import { MemoryCluster } from "../test/memory-cluster.ts";
import { nodeBusContract } from "../test/node-bus-contract.ts";
import { nodeTableContract } from "../test/node-table-contract.ts";
import { onceStoreContract } from "../test/once-store-contract.ts";
import { MemoryClaimStore } from "./memory-claim-store.ts";
import { MemoryLobbyStore } from "./memory-lobby-store.ts";

let nowMs = 1_000;
const passMs = (ms: number): void => void (nowMs += ms);

describe("in memory", () => {
  lobbyStoreContract(() => new MemoryLobbyStore(() => nowMs, 600_000), { restMs: 600_000, passMs });
  claimStoreContract(() => new MemoryClaimStore(() => nowMs), passMs);
});

describe("a node of the cluster in one process", () => {
  const cluster = (): MemoryCluster => new MemoryCluster({ nowMs: () => nowMs });
  lobbyStoreContract(() => cluster().node().lobbies, { restMs: 600_000, passMs });
  onceStoreContract(() => cluster().node().once, passMs);
  claimStoreContract(() => cluster().node().claims, passMs);
  nodeTableContract(() => cluster().node().nodes, passMs);
  nodeBusContract((count) => {
    const nodes = cluster();
    return Promise.resolve(Array.from({ length: count }, () => nodes.node().bus));
  });
});
