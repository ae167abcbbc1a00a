import { describe, expect, it } from "vitest";
import { GameEventLog } from "./game-event-log.ts";
import { HISTORY_FRAMES } from "./input-table.ts";

function setup(): { log: GameEventLog; delivered: string[]; simulate: (frame: number, ...names: string[]) => void } {
  const delivered: string[] = [];
  const log = new GameEventLog((frame, name, ordinal) => delivered.push(`${frame}:${name}:${ordinal}`));
  const simulate = (frame: number, ...names: string[]): void => {
    log.begin(frame);
    for (const name of names) log.emit(name, undefined);
  };
  return { log, delivered, simulate };
}

describe("events of the game", () => {
  it("[RB11] are delivered once, however often their frame is simulated", () => {
    const { delivered, simulate } = setup();
    for (let count = 0; count < 3; count++) for (let frame = 4; frame < 6; frame++) simulate(frame, "hit", "hit", "jump");
    expect(delivered).toEqual(["4:hit:0", "4:hit:1", "4:jump:0", "5:hit:0", "5:hit:1", "5:jump:0"]);
  });

  it("[RB11] that only the right inputs bring are delivered when these arrive", () => {
    const { delivered, simulate } = setup();
    simulate(4, "hit");
    simulate(4, "jump", "hit", "hit");
    simulate(4);
    simulate(4, "hit", "hit", "hit");
    expect(delivered).toEqual(["4:hit:0", "4:jump:0", "4:hit:1", "4:hit:2"]);
  });

  it("[RB11] of a later frame in the same slot are its own", () => {
    const { delivered, simulate } = setup();
    simulate(1, "hit");
    simulate(1 + HISTORY_FRAMES, "hit");
    expect(delivered).toEqual(["1:hit:0", `${1 + HISTORY_FRAMES}:hit:0`]);
  });
});
