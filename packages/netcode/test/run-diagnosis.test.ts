import { describe, expect, test } from "vitest";
import type { DiagnosisProbes } from "../src/adapters/diagnosis-probes.ts";
import { CHECK_IDS, type PairFinding } from "../src/core/ports/diagnosis.ts";
import { parseBrokerAddress } from "../src/facade/broker-address.ts";
import { runDiagnosis, type DiagnosisRunOptions, type DiagnosisStep } from "../src/facade/run-diagnosis.ts";

const BROKER = parseBrokerAddress("https://broker.example", undefined);
const TURN = { urls: ["turn:turn.example", "turns:turn.example:443?transport=tcp"], username: "user", credential: "secret-of-turn" };
const OPEN: PairFinding = { outcome: "open", elapsedMs: 30, isUnreliable: true, sent: 75, answered: 75, rttMs: 2, jitterMs: 0.5 };

/** Probes on a clock that jumps from one deadline to the next once nothing else happens. */
class VirtualProbes implements DiagnosisProbes {
  #nowMs = 0;
  readonly #waiting = new Set<{ readonly dueMs: number; readonly finish: () => void }>();
  asked: string[] = [];
  /** Probes that were not told to stop. */
  running = 0;

  nowMs(): number {
    return this.#nowMs;
  }

  wait(ms: number, signal: AbortSignal): Promise<void> {
    return new Promise((resolve) => {
      const entry = {
        dueMs: this.#nowMs + ms,
        finish: (): void => {
          this.#waiting.delete(entry);
          resolve();
        },
      };
      if (signal.aborted) return resolve();
      signal.addEventListener("abort", entry.finish);
      this.#waiting.add(entry);
    });
  }

  /** Lets time pass until `promise` is there. */
  async until<Value>(promise: Promise<Value>): Promise<Value> {
    let isDone = false;
    promise.finally(() => (isDone = true)).catch(() => {});
    for (let turn = 0; turn < 10_000; turn++) {
      await new Promise((resolve) => {
        setImmediate(resolve);
      });
      if (isDone) return promise;
      const [next] = [...this.#waiting].toSorted((left, right) => left.dueMs - right.dueMs);
      if (next === undefined) continue;
      this.#nowMs = Math.max(this.#nowMs, next.dueMs);
      next.finish();
    }
    throw new Error("the diagnosis hangs");
  }

  page(): ReturnType<DiagnosisProbes["page"]> {
    return { isSecure: true, isHttps: true, hasWebRtc: true, hasWebSocket: true, isOnline: true, userAgent: "Test" };
  }

  async fetchHealth(url: string): ReturnType<DiagnosisProbes["fetchHealth"]> {
    this.asked.push(url);
    return { outcome: "answered", elapsedMs: 12, status: 200 };
  }

  async enterLobby(): ReturnType<DiagnosisProbes["enterLobby"]> {
    return { outcome: "admitted", elapsedMs: 40, iceServers: [TURN] };
  }

  async gather({ policy }: Parameters<DiagnosisProbes["gather"]>[0]): ReturnType<DiagnosisProbes["gather"]> {
    const relay = { kind: "relay/udp", address: "198.51.100.7", port: 50_000, atMs: 40 } as const;
    const own = { kind: "srflx/udp", address: "203.0.113.9", port: 40_000, atMs: 20 } as const;
    return { candidates: [policy === "relay" ? relay : own], errors: [], isComplete: true };
  }

  async pair(): ReturnType<DiagnosisProbes["pair"]> {
    return OPEN;
  }

  async clock(): ReturnType<DiagnosisProbes["clock"]> {
    return { workerTicks: 60, expectedTicks: 60, pageLateMs: 1, cores: 8, isHidden: false };
  }
}

function options(changes: Partial<DiagnosisRunOptions> = {}): DiagnosisRunOptions {
  return {
    broker: BROKER,
    iceServers: undefined,
    signal: new AbortController().signal,
    onStep: () => {},
    includeAddresses: false,
    ...changes,
  };
}

describe("the run of the checks", () => {
  test("[CD1] each check begins and ends once, in order; nothing is told of credentials and whole addresses", async () => {
    const probes = new VirtualProbes();
    const steps: DiagnosisStep[] = [];
    const { lines, verdict, report } = await probes.until(runDiagnosis(probes, options({ onStep: (step) => steps.push(step) })));
    expect(lines.map(({ id }) => id)).toEqual(CHECK_IDS);
    expect(verdict.reach).toBe("anybody");
    for (const id of CHECK_IDS) {
      const [first, last, ...more] = steps.filter((step) => step.id === id);
      const isOffered = id !== "turn-tcp";
      expect([first?.state, last?.state, more.length]).toEqual(isOffered ? ["running", "done", 0] : ["done", undefined, 0]);
    }
    expect(probes.asked).toEqual(["https://broker.example/healthz"]);
    expect(report).not.toMatch(/secret|203\.0\.113|198\.51\.100/);
  });

  test("[CD2] though no probe ever answers, all is over within 20 s", async () => {
    const probes = new VirtualProbes();
    const never = (): Promise<never> => new Promise(() => {});
    Object.assign(probes, { fetchHealth: never, enterLobby: never, gather: never, pair: never, clock: never });
    const diagnosis = await probes.until(runDiagnosis(probes, options({ iceServers: [TURN, { urls: ["stun:stun.example"] }] })));
    expect(diagnosis.elapsedMs).toBeLessThanOrEqual(20_000);
    expect(diagnosis.elapsedMs).toBeGreaterThan(10_000);
    expect(diagnosis.lines.map(({ status }) => status)).toEqual(["ok", "fail", "fail", "fail", "fail", "fail", "skipped", "fail", "fail", "skipped", "skipped"]); // prettier-ignore
    expect(diagnosis.verdict.reach).toBe("nobody");
  });

  test("[CD3] whatever a probe or the game's own code throws, it ends well", async () => {
    const probes = new VirtualProbes();
    const throws = (): never => {
      throw new Error("a probe failed");
    };
    Object.assign(probes, {
      fetchHealth: throws,
      enterLobby: () => Promise.reject(new Error("a probe failed")),
      gather: throws,
      pair: throws,
      clock: throws,
    });
    const { lines } = await probes.until(runDiagnosis(probes, options({ onStep: throws, iceServers: [TURN] })));
    expect(lines.find(({ id }) => id === "channel")?.status).toBe("fail");
    expect(lines).toHaveLength(CHECK_IDS.length);
  });

  test("[CD4] what a probe has found when its time is up counts", async () => {
    const probes = new VirtualProbes();
    const found = { kind: "srflx/udp", address: "203.0.113.9", port: 1, atMs: 20 } as const;
    const slow: DiagnosisProbes["gather"] = async ({ signal, policy }) => {
      await probes.wait(60_000, signal);
      return { candidates: policy === "all" ? [found] : [], errors: [], isComplete: false };
    };
    Object.assign(probes, { gather: slow });
    const { lines } = await probes.until(runDiagnosis(probes, options()));
    expect(lines.find(({ id }) => id === "stun")?.status).toBe("ok");
    expect(lines.find(({ id }) => id === "turn-udp")?.status).toBe("fail");
  });

  test("[CD5] once it is stopped, probes are told so, and what is left is skipped", async () => {
    const probes = new VirtualProbes();
    const stop = new AbortController();
    let isTold = false;
    const waits: DiagnosisProbes["enterLobby"] = async (signal) => {
      stop.abort();
      isTold = signal.aborted;
      return { outcome: "refused", code: "CLOSED" };
    };
    Object.assign(probes, { enterLobby: waits });
    const { lines, verdict } = await probes.until(runDiagnosis(probes, options({ signal: stop.signal })));
    expect(isTold).toBe(true);
    expect(verdict.reach).toBe("unknown");
    expect(lines.map(({ status }) => status)).toEqual(["ok", "ok", ...CHECK_IDS.slice(2).map(() => "skipped")]);
  });

  test("[CD6] a page of https with a server of http, an address that is none, and a browser without WebRTC", async () => {
    const mixed = new VirtualProbes();
    const { lines } = await mixed.until(runDiagnosis(mixed, options({ broker: parseBrokerAddress("http://lobby.example", undefined) })));
    expect(lines.find(({ id }) => id === "broker-http")?.details).toEqual({ mixed: true });
    expect(mixed.asked).toEqual([]);
    const nowhere = new VirtualProbes();
    const none = await nowhere.until(runDiagnosis(nowhere, options({ broker: undefined })));
    expect(none.lines.find(({ id }) => id === "broker-lobby")?.status).toBe("skipped");
    const old = new VirtualProbes();
    old.page = () => ({ ...new VirtualProbes().page(), hasWebRtc: false });
    const { lines: few, verdict } = await old.until(runDiagnosis(old, options()));
    expect(few.find(({ id }) => id === "channel")?.status).toBe("skipped");
    expect(verdict.reach).toBe("nobody");
  });
});
