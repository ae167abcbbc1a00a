/**
 * Some of the peers of `pnpm bench --only mesh`, in a process of their own, so that its processor time and memory are theirs. Parameters: address of the broker,
 * number of peers, code of the lobby (none: the first one opens it). Tells its code, when it is ready, and between two messages of the parent what was used.
 */
import { rubberband } from "@rollcall/game-demo/sim";
import { hostLobby, joinLobby } from "@rollcall/netcode/node";
import { difference, MeshPlayer, type MeshTotals } from "./mesh-player.ts";

export interface ProcessReport {
  readonly seconds: number;
  readonly cpuSeconds: number;
  readonly heapBytes: readonly [before: number, after: number];
  readonly residentBytes: readonly [before: number, after: number];
  readonly totals: readonly MeshTotals[];
}

export type ProcessMessage =
  | { readonly type: "code"; readonly code: string }
  | { readonly type: "ready" }
  | { readonly type: "report"; readonly report: ProcessReport };

function tell(message: ProcessMessage): void {
  process.send?.(message);
}

function memory(): { readonly heapBytes: number; readonly residentBytes: number } {
  globalThis.gc?.();
  const { heapUsed, rss } = process.memoryUsage();
  return { heapBytes: heapUsed, residentBytes: rss };
}

async function run(broker: string, count: number, given: string): Promise<void> {
  const players: MeshPlayer[] = [];
  let code = given;
  for (let index = 0; index < count; index++) {
    const options = { game: rubberband, name: `Node ${index + 1}`, broker };
    const lobby = code === "" ? await hostLobby(options) : await joinLobby(code, options);
    players.push(new MeshPlayer(lobby));
    code = lobby.code;
  }
  tell({ type: "code", code });
  while (!players.every(({ isReady }) => isReady)) await new Promise((resolve) => setTimeout(resolve, 50));
  tell({ type: "ready" });

  let start:
    | { readonly ms: number; readonly cpu: NodeJS.CpuUsage; readonly memory: ReturnType<typeof memory>; readonly totals: MeshTotals[] }
    | undefined;
  process.on("message", () => {
    const totals = players.map((player) => player.totals());
    if (start === undefined) {
      const before = memory();
      start = { ms: performance.now(), cpu: process.cpuUsage(), memory: before, totals };
      return;
    }
    const seconds = (performance.now() - start.ms) / 1_000;
    const { user, system } = process.cpuUsage(start.cpu);
    const after = memory();
    tell({
      type: "report",
      report: {
        seconds,
        cpuSeconds: (user + system) / 1e6,
        heapBytes: [start.memory.heapBytes, after.heapBytes],
        residentBytes: [start.memory.residentBytes, after.residentBytes],
        totals: totals.map((each, index) => difference(each, start?.totals[index] ?? each)),
      },
    });
  });
}

const [broker = "", count = "", code = ""] = process.argv.slice(2);
await run(broker, Number(count), code);
