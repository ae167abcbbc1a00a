import { describe, expect, it } from "vitest";
import { GameEventLog } from "./game-event-log.ts";
import { HISTORY_FRAMES } from "./input-table.ts";

function setup(): { log: GameEventLog; told: string[]; simulate: (frame: number, ...names: string[]) => void } {
  const told: string[] = [];
  const log = new GameEventLog((stage, frame, name, ordinal, payload) =>
    told.push(`${stage} ${frame}:${name}:${ordinal} ${String(payload)}`),
  );
  let simulations = 0;
  const simulate = (frame: number, ...names: string[]): void => {
    simulations++;
    log.begin(frame, false);
    for (const name of names) log.emit(name, simulations);
  };
  return { log, told, simulate };
}

describe("events of the game", () => {
  it("[RB11] are told once as predicted, however often their frame is simulated, and once as confirmed", () => {
    const { log, told, simulate } = setup();
    for (let count = 0; count < 3; count++) simulate(4, "hit", "hit", "jump");
    expect(told.splice(0)).toEqual(["predicted 4:hit:0 1", "predicted 4:hit:1 1", "predicted 4:jump:0 1"]);
    log.confirm(4);
    expect(told.splice(0)).toEqual(["confirmed 4:hit:0 3", "confirmed 4:hit:1 3", "confirmed 4:jump:0 3"]);
    // A repair of the state simulates it once more.
    simulate(4, "hit", "other");
    log.confirm(4);
    expect(told).toEqual([]);
  });

  it("[RB11] that only the right inputs bring are told when these arrive, and those that did not happen are cancelled", () => {
    const { log, told, simulate } = setup();
    simulate(4, "hit", "spark");
    simulate(4, "jump");
    simulate(4, "jump", "hit", "hit");
    expect(told.splice(0)).toEqual(["predicted 4:hit:0 1", "predicted 4:spark:0 1", "predicted 4:jump:0 2", "predicted 4:hit:1 3"]);
    log.confirm(4);
    expect(told).toEqual(["confirmed 4:hit:0 3", "cancelled 4:spark:0 1", "confirmed 4:jump:0 3", "confirmed 4:hit:1 3"]);
  });

  it("[RB11] of a frame with all its inputs are told as confirmed alone", () => {
    const { log, told } = setup();
    log.begin(7, true);
    log.emit("hit", 1);
    expect(told).toEqual([]);
    log.confirm(7);
    expect(told).toEqual(["confirmed 7:hit:0 1"]);
  });

  it("[RB11] of frames after the last one are cancelled", () => {
    const { log, told, simulate } = setup();
    for (let frame = 1; frame <= 4; frame++) simulate(frame, "hit");
    log.confirm(1);
    told.length = 0;
    log.cancelAfter(2);
    expect(told.splice(0)).toEqual(["cancelled 3:hit:0 3", "cancelled 4:hit:0 4"]);
    log.cancelAfter(2);
    log.confirm(2);
    expect(told).toEqual(["confirmed 2:hit:0 2"]);
  });

  it("[RB11] of a later frame in the same slot are its own", () => {
    const { log, told, simulate } = setup();
    simulate(1, "hit");
    log.confirm(1);
    simulate(1 + HISTORY_FRAMES, "hit");
    expect(told).toEqual(["predicted 1:hit:0 1", "confirmed 1:hit:0 1", `predicted ${1 + HISTORY_FRAMES}:hit:0 2`]);
  });
});
