import { describe, expect, test } from "vitest";
import type { PeerId } from "../core/base/units.ts";
import type { AdvanceResult, Session, SessionEvent, SessionStats, Transmit } from "../core/ports/session.ts";
import { FRAMES_PER_TICK_MAX } from "./fixed-step.ts";
import { MatchDriver, RESIMULATED_FRAMES_PER_TICK } from "./match-driver.ts";
import type { MatchDriverHost, MatchDriverOptions } from "./match-driver.ts";

const ADA = "ada" as PeerId;

/** A session that does as it is told, and writes down what is done to it. */
class SessionDouble implements Session {
  readonly log: string[] = [];
  readonly transmits: Transmit[] = [];
  readonly events: SessionEvent[] = [];
  timeoutMs = Infinity;
  next: AdvanceResult = { outcome: "advanced", paceRatio: 1, resimulatedFrames: 0 };
  readonly budgets: number[] = [];
  /** Called within each frame. */
  spend = (): void => {};
  frameCostMs = 0;
  readonly costs: (readonly [number, number])[] = [];

  handlePacket(_nowMs: number, from: PeerId, bytes: Uint8Array): void {
    this.log.push(`packet ${from} ${bytes[0]}`);
    this.transmits.push({ to: from, channel: "unreliable", bytes });
  }

  handleTimeout(nowMs: number): void {
    this.log.push(`timeout ${nowMs}`);
    this.timeoutMs = Infinity;
  }

  advanceFrame(_nowMs: number, localInputs: Uint8Array, budgetFrames: number): AdvanceResult {
    this.log.push(`${this.next.outcome} ${localInputs[0]}`);
    this.budgets.push(budgetFrames);
    this.spend();
    this.transmits.push({ to: ADA, channel: "unreliable", bytes: localInputs });
    return this.next;
  }

  handlePeerGone(_nowMs: number, peerId: PeerId, cause: string): void {
    this.log.push(`gone ${peerId} ${cause}`);
    this.events.push({ type: "peer-suspect", peerId });
  }

  pollTransmit(): Transmit | undefined {
    return this.transmits.shift();
  }

  pollEvent(): SessionEvent | undefined {
    return this.events.shift();
  }

  pollTimeoutMs(): number {
    return this.timeoutMs;
  }

  readonly frame = 0;
  readonly confirmedFrame = -1;

  stats(): SessionStats {
    throw new Error("not asked by a driver");
  }

  costsMeasured(stepMs: number, saveMs: number): void {
    this.costs.push([stepMs, saveMs]);
  }

  checksum(): number | undefined {
    return undefined;
  }

  pause(): void {}

  resume(): void {}

  leave(): void {
    this.transmits.push({ to: ADA, channel: "reliable", bytes: Uint8Array.of(9) });
  }

  admit(): boolean {
    return false;
  }
}

interface Rig {
  readonly session: SessionDouble;
  readonly driver: MatchDriver;
  readonly calls: string[];
  /** What the game does when it is asked for inputs. */
  readonly read: { handle: () => void };
}

function rig(onEvent: (driver: MatchDriver) => void = () => {}, meter?: MatchDriverOptions["meter"]): Rig {
  const session = new SessionDouble();
  const calls: string[] = [];
  const read = { handle: (): void => {} };
  let reads = 0;
  const host: MatchDriverHost = {
    readInputs: () => {
      read.handle();
      return Uint8Array.of(++reads);
    },
    transmit: ({ to }) => calls.push(`transmit ${to}`),
    handleFrame: (frame) => calls.push(`frame ${frame}`),
    handleEvent: (event) => {
      calls.push(event.type);
      onEvent(driver);
    },
  };
  const driver = new MatchDriver({ session, host, frameRateHz: 50, nowMs: 0, startMs: 100, meter });
  return { session, driver, calls, read };
}

describe("MatchDriver", () => {
  test("[DR9] deadlines are kept before the start, frames run from then on", () => {
    const { session, driver } = rig();
    session.timeoutMs = 40;
    driver.tick(35);
    driver.tick(41);
    driver.tick(99);
    driver.tick(100);
    expect(session.log).toEqual(["timeout 41", "advanced 1"]);
    expect(driver.frame).toBe(1);
  });

  test("[DR10] a packet is handled when it comes, and answered at once", () => {
    const { session, driver, calls } = rig();
    driver.handlePacket(50, ADA, Uint8Array.of(7));
    expect([session.log, calls]).toEqual([["packet ada 7"], ["transmit ada"]]);
  });

  test("[DR20] packets alone keep the frames going", () => {
    const { driver } = rig();
    for (let nowMs = 100; nowMs <= 1_100; nowMs += 20) driver.handlePacket(nowMs, ADA, Uint8Array.of(7));
    expect(driver.frame).toBe(51);
  });

  test("[DR11] a frame's packets leave first, then the game sees the frame, then its events", () => {
    const { session, driver, calls } = rig();
    session.events.push({ type: "waiting-for-quorum" });
    driver.tick(100);
    expect(calls).toEqual(["transmit ada", "frame 0", "waiting-for-quorum"]);
  });

  test("[DR12] inputs are read once for each frame that is tried", () => {
    const { session, driver } = rig();
    for (let nowMs = 100; nowMs <= 200; nowMs += 5) driver.tick(nowMs);
    expect(session.log).toEqual([1, 2, 3, 4, 5, 6].map((read) => `advanced ${read}`));
  });

  test("[DR23] who leaves while it is asked for inputs runs no further frame", () => {
    const { session, driver, read } = rig();
    read.handle = () => driver.stop();
    driver.tick(200);
    expect([session.log, driver.over]).toEqual([[], true]);
  });

  test("[DR4] a stalled session is asked once a tick, and does not race when it goes on", () => {
    const { session, driver } = rig();
    session.next = { outcome: "stalled", paceRatio: 1, resimulatedFrames: 0 };
    for (let nowMs = 100; nowMs < 1_100; nowMs += 5) driver.tick(nowMs);
    expect(session.log).toHaveLength(200);
    expect(driver.frame).toBe(0);
    session.next = { outcome: "advanced", paceRatio: 1, resimulatedFrames: 0 };
    driver.tick(1_100);
    driver.tick(1_105);
    expect(driver.frame).toBe(1);
  });

  test("[DR13] a tick that resimulated its budget runs no further frame", () => {
    const { session, driver } = rig();
    session.next = { outcome: "advanced", paceRatio: 1, resimulatedFrames: RESIMULATED_FRAMES_PER_TICK - 2 };
    driver.tick(100);
    driver.tick(1_000);
    expect(session.budgets).toEqual([RESIMULATED_FRAMES_PER_TICK, RESIMULATED_FRAMES_PER_TICK, 2]);
    session.next = { outcome: "advanced", paceRatio: 1, resimulatedFrames: 0 };
    driver.tick(2_000);
    expect(session.budgets).toHaveLength(3 + FRAMES_PER_TICK_MAX);
  });

  test("[DR13] a tick that has worked for 8 ms runs no further frame, and resimulates what fits 8 ms by the costs of late", () => {
    const meter = { stepMs: 3, saveMs: 1, nowMs: () => clockMs };
    let clockMs = 0;
    const { session, driver } = rig(() => {}, meter);
    session.spend = () => {
      clockMs += session.frameCostMs * (session.next.resimulatedFrames + 1);
    };
    session.frameCostMs = 3;
    driver.tick(100);
    driver.tick(1_000);
    // Four were due; three took 9 ms.
    expect(session.budgets).toEqual([RESIMULATED_FRAMES_PER_TICK, 2, 2, 2]);
    session.frameCostMs = 0.1;
    for (let nowMs = 1_020; nowMs < 3_000; nowMs += 20) driver.tick(nowMs);
    expect(session.budgets.at(-1)).toBe(RESIMULATED_FRAMES_PER_TICK);
  });

  test("[PA8] the session is told what steps and saves cost, each 30 frames, once that is known", () => {
    const meter = { stepMs: 0, saveMs: 0, nowMs: () => 0 };
    const { session, driver } = rig(() => {}, meter);
    for (let nowMs = 100; nowMs < 1_100; nowMs += 20) driver.tick(nowMs);
    expect(session.costs).toEqual([]);
    meter.stepMs = 2;
    meter.saveMs = 0.5;
    for (let nowMs = 1_100; nowMs < 2_300; nowMs += 20) driver.tick(nowMs);
    expect(session.costs).toEqual([
      [2, 0.5],
      [2, 0.5],
    ]);
  });

  test("[DR1] the session's pace turns the clock", () => {
    const { session, driver } = rig();
    session.next = { outcome: "advanced", paceRatio: 0.9, resimulatedFrames: 0 };
    for (let nowMs = 100; nowMs <= 10_100; nowMs += 5) driver.tick(nowMs);
    expect(driver.frame).toBeGreaterThanOrEqual(450);
    expect(driver.frame).toBeLessThanOrEqual(452);
  });

  test("[DR21] the session's clock never goes back", () => {
    const { session, driver } = rig();
    driver.handlePacket(150, ADA, Uint8Array.of(7));
    session.timeoutMs = 140;
    driver.tick(145);
    expect(session.log).toEqual(["packet ada 7", "advanced 1", "advanced 2", "advanced 3", "timeout 150"]);
  });

  test("[DR14] after the end, or after stop, no frame runs, but packets are answered", () => {
    for (const end of [
      (session: SessionDouble) => session.events.push({ type: "ended", frame: 3, result: 1 }),
      (session: SessionDouble) => session.events.push({ type: "dropped", frame: 3 }),
    ]) {
      const { session, driver, calls } = rig();
      end(session);
      driver.tick(150);
      expect([driver.over, driver.frame]).toEqual([true, 1]);
      driver.tick(1_000);
      driver.handlePacket(1_000, ADA, Uint8Array.of(7));
      expect([driver.frame, calls.at(-1)]).toEqual([1, "transmit ada"]);
    }
    const stopping = rig((driver) => driver.stop());
    stopping.driver.tick(150);
    stopping.driver.handlePeerGone(150, ADA, "left");
    stopping.driver.tick(1_000);
    expect(stopping.session.log.at(-1)).toBe("gone ada left");
  });
});
