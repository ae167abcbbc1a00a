import { describe, expect, it } from "vitest";
import { FAULT_KINDS } from "../src/sim/index.ts";
import { parseSimArguments, runSim, type SimSettings } from "./sim-command.ts";

function settingsOf(...argv: string[]): SimSettings {
  const parsed = parseSimArguments(argv);
  if (!parsed.ok) throw new Error(parsed.message);
  return parsed.settings;
}

function run(settings: SimSettings): { code: number; lines: string[] } {
  const lines: string[] = [];
  return { code: runSim(settings, (line) => lines.push(line)), lines };
}

describe("pnpm sim", () => {
  it("[SI20] plays 1,000 seeds of 4 players for 10 s unless told otherwise", () => {
    expect(settingsOf()).toEqual({
      firstSeed: 1,
      seedCount: 1_000,
      players: [4, 4],
      seconds: 10,
      faults: FAULT_KINDS,
      network: undefined,
      verbose: false,
    });
    expect(settingsOf("--seeds", "5", "--players", "8", "--seconds", "3", "--first", "77")).toMatchObject({
      firstSeed: 77,
      seedCount: 5,
      players: [8, 8],
      seconds: 3,
    });
    expect(settingsOf("--seed", "42", "--faults", "kill,loss", "--verbose")).toMatchObject({
      firstSeed: 42,
      seedCount: 1,
      faults: ["loss", "kill"],
      verbose: true,
    });
    expect(settingsOf("--network", "wifi").network).toBe("wifi");
    expect(settingsOf("--faults", "none").faults).toEqual([]);
  });

  it("[SI20] refuses nonsense by name", () => {
    for (const [argv, named] of [
      [["--seeds", "0"], "--seeds is a whole number from 1"],
      [["--seeds", "many"], 'got "many"'],
      [["--players", "9"], "--players is a number from 2 to 8"],
      [["--players", "2.5"], "--players"],
      [["--players", "6-3"], "--players"],
      [["--seconds", "-1"], "--seconds"],
      [["--seed", ""], "--seed"],
      [["--faults", "loss,earthquake"], '"earthquake"'],
      [["--network", "pigeon"], '"pigeon"'],
      [["--sedes", "5"], "--sedes"],
      [["stray"], "stray"],
    ] as const) {
      const parsed = parseSimArguments(argv);
      expect(parsed.ok ? "accepted" : parsed.message).toContain(named);
    }
  });

  it("[SI20] --help is no mistake", () => {
    const parsed = parseSimArguments(["--help"]);
    expect(parsed).toMatchObject({ ok: false, exitCode: 0, message: expect.stringContaining("Usage: pnpm sim") });
    expect(parseSimArguments(["--players", "1"])).toMatchObject({ ok: false, exitCode: 2 });
  });

  it("[SI20] prints figures and the rate, and what a seed decided when asked", () => {
    const { code, lines } = run(settingsOf("--seeds", "2", "--players", "2", "--seconds", "1", "--faults", "none", "--verbose"));
    expect(code).toBe(0);
    expect(lines.some((line) => line.startsWith("rollbacks "))).toBe(true);
    expect(lines.at(-1)).toMatch(/^2 seeds of 2 players × 1 s: 0 failed, \d+ seeds per minute/);
    expect(lines).toContain("seed 1: no faults");
    expect(lines.some((line) => line.includes("synchronized"))).toBe(true);
  });
});
