import { describe, expect, it } from "vitest";
import type { AdvanceResult, DropCause, Session, SessionEvent, SessionStats, Transmit } from "../core/ports/session.ts";
import type { PeerId } from "../core/base/units.ts";
import { RollbackSession } from "../core/rollback/rollback-session.ts";
import { drawFaultPlan, type FaultKind } from "./fault-plan.ts";
import type { MatchFailure } from "./match-checkers.ts";
import { ScrambleSimulation } from "./scramble-simulation.ts";
import { simulateMatch } from "./simulate-match.ts";
import { SimWorld, type SessionSetup } from "./sim-world.ts";

/** A session that passes everything on; a test spoils one method of one peer's. */
class PassingSession implements Session {
  protected readonly inner: RollbackSession;

  constructor(inner: RollbackSession) {
    this.inner = inner;
  }

  handlePacket(nowMs: number, from: PeerId, bytes: Uint8Array): void {
    this.inner.handlePacket(nowMs, from, bytes);
  }

  handleTimeout(nowMs: number): void {
    this.inner.handleTimeout(nowMs);
  }

  handlePeerGone(nowMs: number, peerId: PeerId, cause: DropCause): void {
    this.inner.handlePeerGone(nowMs, peerId, cause);
  }

  advanceFrame(nowMs: number, localInputs: Uint8Array, budgetFrames: number): AdvanceResult {
    return this.inner.advanceFrame(nowMs, localInputs, budgetFrames);
  }

  pollTransmit(): Transmit | undefined {
    return this.inner.pollTransmit();
  }

  pollEvent(): SessionEvent | undefined {
    return this.inner.pollEvent();
  }

  pollTimeoutMs(): number {
    return this.inner.pollTimeoutMs();
  }

  get frame(): number {
    return this.inner.frame;
  }

  get confirmedFrame(): number {
    return this.inner.confirmedFrame;
  }

  stats(): SessionStats {
    return this.inner.stats();
  }

  checksum(frame: number): number | undefined {
    return this.inner.checksum(frame);
  }

  costsMeasured(stepMs: number, saveMs: number): void {
    this.inner.costsMeasured(stepMs, saveMs);
  }

  pause(): void {
    this.inner.pause();
  }

  resume(): void {
    this.inner.resume();
  }

  leave(nowMs: number): void {
    this.inner.leave(nowMs);
  }

  admit(peerId: PeerId, playerIndexes: readonly number[]): boolean {
    return this.inner.admit(peerId, playerIndexes);
  }
}

/** Switches `end` on, and plays until then. */
const ENDING_SEED = 13;

/** Plays a match of three in which peer 1 has a spoiled session, and returns its first failure. */
function firstFailure(
  Spoiled: new (inner: RollbackSession) => Session,
  faults: readonly FaultKind[] = [],
  seed = 3,
): MatchFailure | undefined {
  const plan = drawFaultPlan({ seed, peerCount: 3, playersMax: 8, durationMs: 4_000, network: { delayMs: 40 }, faults });
  for (const kind of faults) expect(plan.kinds).toContain(kind);
  const createSession = (localMs: number, setup: SessionSetup): Session => {
    const { localPeerId, players, hostId, simulation, peerIndex } = setup;
    const inner = new RollbackSession(localMs, {
      localPeerId,
      players,
      hostId,
      matchEpoch: 1,
      simulation,
      inputDelayFrames: plan.peers[peerIndex]?.inputDelayFrames ?? 0,
      predictionWindowFrames: plan.windowFrames,
    });
    return peerIndex === 1 ? new Spoiled(inner) : inner;
  };
  const world = new SimWorld({
    seed,
    durationMs: 4_000,
    plan,
    createSimulation: () => new ScrambleSimulation({ seed, playerCount: plan.seats.length, endAfterFrames: plan.endAfterFrames }),
    createSession,
    makeLegal: () => {},
  });
  world.run();
  return world.checkers.failures[0];
}

describe("checkers", () => {
  it("[SI17] a sound session fails no checker", () => {
    expect(firstFailure(PassingSession)).toBeUndefined();
  });

  it("[SI17] an input that is not the one that was given is noticed", () => {
    class Swallowing extends PassingSession {
      override advanceFrame(nowMs: number, localInputs: Uint8Array, budgetFrames: number): AdvanceResult {
        return this.inner.advanceFrame(nowMs, this.inner.frame === 50 ? new Uint8Array(localInputs.length) : localInputs, budgetFrames);
      }
    }
    expect(firstFailure(Swallowing)).toMatchObject({ checker: "inputs", peer: 1 });
  });

  it("[SI17] frames that are called confirmed too early are noticed", () => {
    class Hasty extends PassingSession {
      override get confirmedFrame(): number {
        return Math.max(this.inner.confirmedFrame, this.inner.frame - 1);
      }
    }
    expect(firstFailure(Hasty)).toMatchObject({ checker: "convergence", peer: 1 });
  });

  it("[SI17] a wrong checksum is noticed", () => {
    class Wrong extends PassingSession {
      override checksum(frame: number): number | undefined {
        const checksum = this.inner.checksum(frame);
        return frame === 60 && checksum !== undefined ? checksum ^ 1 : checksum;
      }
    }
    expect(firstFailure(Wrong)).toMatchObject({ checker: "convergence", frame: 60 });
  });

  it("[SI17] a session that runs past its window is noticed", () => {
    class Ahead extends PassingSession {
      override get frame(): number {
        return this.inner.frame < 80 ? this.inner.frame : this.inner.frame + 8;
      }
    }
    expect(firstFailure(Ahead)).toMatchObject({ checker: "window", peer: 1 });
  });

  it("[SI17] time that goes back is noticed", () => {
    class Back extends PassingSession {
      override get frame(): number {
        return this.inner.frame < 80 ? this.inner.frame : this.inner.frame - 40;
      }
    }
    expect(firstFailure(Back)).toMatchObject({ checker: "time", peer: 1 });
  });

  it("[SI17] a second datagram in a frame is noticed", () => {
    class Chatty extends PassingSession {
      #last: Transmit | undefined;

      override pollTransmit(): Transmit | undefined {
        const repeated = this.#last;
        this.#last = undefined;
        if (repeated !== undefined) return repeated;
        const next = this.inner.pollTransmit();
        this.#last = next === undefined ? undefined : { ...next, bytes: next.bytes.slice() };
        return next;
      }
    }
    expect(firstFailure(Chatty)).toMatchObject({ checker: "datagrams", peer: 1 });
  });

  it("[SI17] a message without bounds is noticed", () => {
    class Fat extends PassingSession {
      override pollTransmit(): Transmit | undefined {
        const next = this.inner.pollTransmit();
        return next === undefined ? undefined : { ...next, bytes: new Uint8Array(1_151) };
      }
    }
    expect(firstFailure(Fat)).toMatchObject({ checker: "queues", peer: 1 });
  });

  it("[SI17] an event that comes twice, or never, is noticed", () => {
    class Twice extends PassingSession {
      #again: SessionEvent | undefined;

      override pollEvent(): SessionEvent | undefined {
        const again = this.#again;
        this.#again = undefined;
        if (again !== undefined) return again;
        const event = this.inner.pollEvent();
        this.#again = event?.type === "game" ? event : undefined;
        return event;
      }
    }
    class Never extends PassingSession {
      override pollEvent(): SessionEvent | undefined {
        let event = this.inner.pollEvent();
        while (event?.type === "game") event = this.inner.pollEvent();
        return event;
      }
    }
    expect(firstFailure(Twice)?.checker).toBe("events");
    expect(firstFailure(Never)?.checker).toBe("events");
  });

  it("[SI17] an end that is not told, is told of another frame, with another result, or twice, is noticed", () => {
    const firstFailureOf = (
      change: (event: SessionEvent & { readonly type: "ended" }) => readonly SessionEvent[],
    ): MatchFailure | undefined => {
      class Changed extends PassingSession {
        readonly #waiting: SessionEvent[] = [];

        override pollEvent(): SessionEvent | undefined {
          const event = this.inner.pollEvent();
          this.#waiting.push(...(event?.type === "ended" ? change(event) : event === undefined ? [] : [event]));
          return this.#waiting.shift();
        }
      }
      return firstFailure(Changed, ["end"], ENDING_SEED);
    };
    let ends = 0;
    expect(firstFailureOf((event) => (ends++, [event]))).toBeUndefined();
    expect(ends).toBe(1);
    expect(firstFailureOf(() => [])).toMatchObject({ checker: "end", peer: 1 });
    expect(firstFailureOf((event) => [{ ...event, frame: event.frame + 1 }])).toMatchObject({ checker: "end", peer: 1 });
    expect(firstFailureOf((event) => [{ ...event, result: { winner: 99 } }])).toMatchObject({ checker: "end" });
    expect(firstFailureOf((event) => [event, event])).toMatchObject({ checker: "end", message: "ended twice" });
  });

  it("[SI17] a peer that hears nothing stops the match, or is dropped and is not told, and is noticed", () => {
    class Deaf extends PassingSession {
      override handlePacket(): void {}
    }
    expect(["liveness", "seats", "inputs"]).toContain(firstFailure(Deaf)?.checker);
  });

  it("[SI17] honest packets that are refused are noticed", () => {
    class Refusing extends PassingSession {
      override handlePacket(nowMs: number, from: PeerId, bytes: Uint8Array): void {
        this.inner.handlePacket(nowMs, from, bytes);
        this.inner.handlePacket(nowMs, from, bytes.subarray(0, 1));
      }
    }
    expect(firstFailure(Refusing)).toMatchObject({ checker: "refusals", peer: 1 });
  });

  it("[SI17] a session that throws is noticed", () => {
    class Throwing extends PassingSession {
      override handlePacket(): void {
        throw new Error("malformed");
      }
    }
    expect(firstFailure(Throwing)).toMatchObject({ checker: "exception", message: expect.stringContaining("malformed") });
  });

  it("[SI18] a game that differs on one peer is a desync", () => {
    let made = 0;
    const report = simulateMatch({
      seed: 1,
      players: 2,
      seconds: 4,
      faults: [],
      createSimulation: ({ seed, bots }) =>
        new ScrambleSimulation({ seed: seed + made++, playerCount: bots.length, endAfterFrames: undefined }),
    });
    expect(report.ok).toBe(false);
    expect(["desync", "convergence"]).toContain(report.failures[0]?.checker);
  });

  it("[SI18] a game that forgets a part of its state on loading is noticed", () => {
    class Forgetful extends ScrambleSimulation {
      #loads = 0;

      override load(slot: number): void {
        super.load(slot);
        if (++this.#loads === 5) this.step(0, new Uint8Array(4), new Uint8Array(2), () => {});
      }
    }
    let made = 0;
    const report = simulateMatch({
      seed: 1,
      players: 2,
      seconds: 6,
      faults: [],
      createSimulation: ({ seed, bots }) => {
        const options = { seed, playerCount: bots.length, endAfterFrames: undefined };
        return made++ === 0 ? new Forgetful(options) : new ScrambleSimulation(options);
      },
    });
    expect(report.figures.rollbacks).toBeGreaterThan(5);
    expect(report.ok).toBe(false);
  });

  it("[SI13] equal options give equal reports", () => {
    const options = { seed: 11, players: 4, seconds: 6 } as const;
    expect(simulateMatch(options)).toEqual(simulateMatch(options));
    expect(simulateMatch(options).log.length).toBeGreaterThan(3);
  });

  it("[SI13] options that make no match are refused", () => {
    expect(() => simulateMatch({ seed: 1, players: 1, seconds: 1 })).toThrow("players from 2 to 8");
    expect(() => simulateMatch({ seed: 1, players: 9, seconds: 1 })).toThrow("players from 2 to 8");
    expect(() => simulateMatch({ seed: 1, players: 2, seconds: 0 })).toThrow("seconds");
    // As from a program without types.
    const untyped = (options: object): unknown =>
      Reflect.apply(simulateMatch, undefined, [{ seed: 1, players: 2, seconds: 1, ...options }]);
    expect(() => untyped({ network: "wi-fi" })).toThrow(/a network of perfect, .*; got wi-fi/);
    expect(() => untyped({ faults: ["los"] })).toThrow(/a fault of .*; got los/);
  });
});
