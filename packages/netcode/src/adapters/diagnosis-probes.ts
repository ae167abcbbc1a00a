import type { ClockFinding, Gathering, HttpFinding, LobbyFinding, PageFinding, PairFinding } from "../core/ports/diagnosis.ts";
import type { IceServer } from "../core/ports/lobby-protocol.ts";
import { startTicker } from "../driver/ticker.ts";
import { gatherCandidates, measurePair } from "./rtc-probe.ts";

/** All that `diagnose()` needs of the world. A probe never rejects; when its signal says so it frees everything and resolves at once with what it has. */
export interface DiagnosisProbes {
  nowMs(): number;
  /** Resolves after `ms`, or when `signal` is aborted. */
  wait(ms: number, signal: AbortSignal): Promise<void>;
  page(): PageFinding;
  fetchHealth(url: string, signal: AbortSignal): Promise<HttpFinding>;
  /** Opens a lobby of its own, into which nobody can come, and leaves it. */
  enterLobby(signal: AbortSignal): Promise<LobbyFinding>;
  gather(options: GatherOptions): Promise<Gathering>;
  /** Two connections of this page to each other, and datagrams to and fro for `measureMs`. */
  pair(options: PairOptions): Promise<PairFinding>;
  clock(signal: AbortSignal): Promise<ClockFinding>;
}

export interface GatherOptions {
  readonly servers: readonly IceServer[];
  /** `relay`: nothing but addresses of TURN servers, and the first one is enough. */
  readonly policy: "all" | "relay";
  readonly signal: AbortSignal;
}

export interface PairOptions extends GatherOptions {
  readonly measureMs: number;
}

/** How long the clock is listened to, and how often it should call. */
const CLOCK_MS = 600;
const TICK_MS = 10;

/** The real ones, but for the lobby, which only the facade can open. */
export const browserProbes: Omit<DiagnosisProbes, "enterLobby"> = {
  nowMs: () => performance.now(),
  wait,
  page: () => ({
    isSecure: globalThis.isSecureContext ?? false,
    isHttps: globalThis.location?.protocol === "https:",
    hasWebRtc: typeof RTCPeerConnection !== "undefined",
    hasWebSocket: typeof WebSocket !== "undefined",
    isOnline: navigator.onLine,
    userAgent: navigator.userAgent,
  }),
  fetchHealth,
  gather: gatherCandidates,
  pair: measurePair,
  clock,
};

function wait(ms: number, signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    if (signal.aborted) return resolve();
    const finish = (): void => {
      clearTimeout(timer);
      signal.removeEventListener("abort", finish);
      resolve();
    };
    const timer = setTimeout(finish, ms);
    signal.addEventListener("abort", finish);
  });
}

async function fetchHealth(url: string, signal: AbortSignal): Promise<HttpFinding> {
  const startMs = performance.now();
  // Another origin's answer is hidden from us, but not that there is one.
  const isOwn = new URL(url).origin === globalThis.location?.origin;
  try {
    const response = await fetch(url, { mode: isOwn ? "same-origin" : "no-cors", cache: "no-store", credentials: "omit", signal });
    const elapsedMs = performance.now() - startMs;
    return response.type === "opaque" ? { outcome: "answered", elapsedMs } : { outcome: "answered", elapsedMs, status: response.status };
  } catch {
    return { outcome: "failed" };
  }
}

async function clock(signal: AbortSignal): Promise<ClockFinding> {
  let ticks = 0;
  let pageLateMs = 0;
  let lastMs = performance.now();
  const ticker = startTicker(TICK_MS, (nowMs) => {
    ticks += 1;
    pageLateMs = Math.max(pageLateMs, nowMs - lastMs - TICK_MS);
    lastMs = nowMs;
  });
  await wait(CLOCK_MS, signal);
  const { isSteady } = ticker;
  ticker.dispose();
  return {
    workerTicks: isSteady ? ticks : undefined,
    expectedTicks: CLOCK_MS / TICK_MS,
    pageLateMs,
    cores: navigator.hardwareConcurrency,
    isHidden: globalThis.document?.visibilityState === "hidden",
  };
}
