import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { afterAll, describe, expect, it } from "vitest";
import { FlipSimulation, keepingGame, keepingSetup, type Flip } from "../../test/flip-simulation.ts";
import { RepairWorld } from "../../test/repair-world.ts";
import { defineGame } from "../core/game/define-game.ts";
import { parseDesyncReport, replayDesyncReport, writeDesyncReport, type DesyncReport } from "../core/replay/index.ts";
import { runReportCommand } from "./report-command.ts";

const folder = mkdtempSync(join(tmpdir(), "rollcall-report-"));
const gameText = `${fileURLToPath(new URL("../../test/flip-simulation.ts", import.meta.url))}#keepingGame`;
const game = keepingGame;

afterAll(() => rmSync(folder, { recursive: true }));

/** Two players, of whom the second has a bit flip: the reports of both, and what flipped. */
function reportsOfFlip(): { readonly reports: readonly DesyncReport[]; readonly flip: Flip } {
  const world = new RepairWorld({ peerCount: 2, seed: 11, create: () => new FlipSimulation(2), oneWayMs: 60 });
  const flips: Flip[] = [];
  const { simulation, session } = world.peer(1);
  world.run(2000);
  simulation.arm(
    1,
    40,
    () => session.confirmedFrame,
    (flip) => flips.push(flip),
  );
  world.run(3000);
  const reports = world.peers.map(({ index }) => {
    const [event] = world.eventsOf(index, "desync-evidence");
    if (event === undefined) throw new Error(`no evidence at peer ${index}`);
    const report = writeDesyncReport(event.evidence, { game, environment: "a test", ...(index === 0 ? {} : { setup: keepingSetup(2) }) });
    return parseDesyncReport(JSON.stringify(report)) ?? report;
  });
  const [flip] = flips;
  if (flip === undefined) throw new Error("nothing flipped");
  return { reports, flip };
}

describe("a report", () => {
  const { reports, flip } = reportsOfFlip();

  it("[DS12] holds frame, field and both values, and shows when it is played again who computed otherwise", () => {
    const replays = reports.map((report) => replayDesyncReport(report, game));
    expect(replays.map(({ verdict }) => verdict)).toEqual(["remote-differs", "local-differs"]);
    for (const [index, report] of reports.entries()) {
      expect(report).toMatchObject({ frame: flip.frame, isFirst: true, playerIndexes: [] });
      expect(report.paths).toContain(flip.field);
      const difference = report.differences.find(({ path }) => path.startsWith(`.state.${flip.field}[1]`));
      expect(Math.abs(Number(difference?.local) - Number(difference?.remote))).toBe(2 ** 8);
      expect(replays[index]?.differences).toEqual(report.differences);
    }
  });

  it("[DS12] names a game that is not deterministic here, another build, and inputs that differ", () => {
    const [report] = reports;
    if (report === undefined) throw new Error("a report");
    let calls = 0;
    const { inputBytes: _bytes, inputCodec: _codec, contentHash: _hash, ...options } = game;
    const fickle = defineGame({
      ...options,
      step: (state, inputs, context) => {
        state.x[0] = calls++;
        return game.step(state, inputs, context);
      },
    });
    expect(replayDesyncReport(report, fickle)).toMatchObject({ verdict: "not-deterministic", isSameGame: true });
    const other = defineGame({ ...options, content: "2", step: (state) => void (state.x[0] = 9) });
    expect(replayDesyncReport(report, other)).toMatchObject({ verdict: "neither", isSameGame: false });
    expect(replayDesyncReport({ ...report, playerIndexes: [1] }, game).verdict).toBe("inputs");
    expect(replayDesyncReport({ ...report, start: null }, game).verdict).toBe("incomplete");
    expect(replayDesyncReport({ ...report, rows: "zz" }, game).verdict).toBe("incomplete");
  });

  it("[DS12] is refused when it is none", () => {
    for (const text of [
      "",
      "{}",
      "[]",
      "null",
      JSON.stringify({ ...reports[0], frame: -1 }),
      JSON.stringify({ ...reports[0], setup: null }),
    ]) {
      expect(parseDesyncReport(text)).toBeUndefined();
    }
  });

  it("[DS13] rollcall report FILE says all that in words", async () => {
    const file = join(folder, "report.json");
    writeFileSync(file, JSON.stringify(reports[1]));
    const { exitCode, message } = await runReportCommand(file, gameText);
    expect(exitCode).toBe(0);
    expect(message).toContain(`The states first differ after frame ${flip.frame}`);
    expect(message).toContain(`state.${flip.field}[1]: `);
    expect(message).toContain("comes out as there: this peer computed, or kept, something else");
    const tagText = gameText.replace("flip-simulation.ts#keepingGame", "tag-game.ts#tagGame");
    expect(await runReportCommand(file, tagText)).toMatchObject({ exitCode: 2, message: expect.stringContaining(`"${game.id}"`) });
    writeFileSync(file, "{}");
    expect(await runReportCommand(file, gameText)).toMatchObject({ exitCode: 2 });
    expect(await runReportCommand(join(folder, "none.json"), gameText)).toMatchObject({ exitCode: 2 });
  });
});
