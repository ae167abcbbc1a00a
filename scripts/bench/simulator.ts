import { simulateBatch } from "@rollcall/netcode/sim";
import type { Row } from "./row.ts";

const SEEDS = 300;
const PLAYERS = 4;
const SECONDS = 10;

/** How many matches a minute one core plays in virtual time, with all faults on. */
export function benchSimulator(): Row[] {
  const startedCpu = process.cpuUsage();
  const { failed, figures } = simulateBatch({
    firstSeed: 1,
    seedCount: SEEDS,
    matchOf: (seed) => ({ seed, players: PLAYERS, seconds: SECONDS }),
  });
  const { user, system } = process.cpuUsage(startedCpu);
  const perMinute = (SEEDS * 60_000_000) / (user + system);
  return [
    { name: `simulated matches of ${PLAYERS} players × ${SECONDS} s, a minute of one core`, value: perMinute.toFixed(0) },
    { name: `the same ${SEEDS} seeds: failed, rollbacks`, value: `${failed.length}, ${figures["rollbacks" as keyof typeof figures] ?? 0}` },
  ];
}
