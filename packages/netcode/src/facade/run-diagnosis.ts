import type { DiagnosisProbes } from "../adapters/diagnosis-probes.ts";
import { planIce, TURN_WAYS, type IcePlan, type TurnWay } from "../core/doctor/ice-plan.ts";
import { judgeChannel, judgeClock, judgePath } from "../core/doctor/judge-channel.ts";
import { judgeNat, judgeStun, judgeTurn } from "../core/doctor/judge-network.ts";
import { judgeHttp, judgeLobby, judgePage } from "../core/doctor/judge-server.ts";
import { skipped } from "../core/doctor/lines.ts";
import { natKindOf } from "../core/doctor/nat-kind.ts";
import { reportText } from "../core/doctor/report.ts";
import { verdictOf } from "../core/doctor/verdict.ts";
import {
  CHECK_IDS,
  type CheckId,
  type DiagnosisLine,
  type Gathering,
  type PairFinding,
  type TurnFinding,
  type Verdict,
} from "../core/ports/diagnosis.ts";
import type { IceServer } from "../core/ports/lobby-protocol.ts";
import type { BrokerAddress } from "./broker-address.ts";

/** A check begins, or has ended. */
export type DiagnosisStep =
  | { readonly id: CheckId; readonly state: "running" }
  | { readonly id: CheckId; readonly state: "done"; readonly line: DiagnosisLine };

export interface Diagnosis {
  /** One for each of `CHECK_IDS`, in their order. */
  readonly lines: readonly DiagnosisLine[];
  readonly verdict: Verdict;
  /** Plain text, to be pasted where help is asked for: without credentials, and with addresses cut to their first half unless they were asked for. */
  readonly report: string;
  readonly elapsedMs: number;
}

export interface DiagnosisRunOptions {
  /** `undefined` when what was given is no address. */
  readonly broker: BrokerAddress | undefined;
  /** In place of those that the lobby server names. */
  readonly iceServers: readonly IceServer[] | undefined;
  readonly signal: AbortSignal;
  readonly onStep: (step: DiagnosisStep) => void;
  readonly includeAddresses: boolean;
}

/** Most time of each check, in ms. At half, a phone on a bad network fails what works; at double, the whole takes longer than people wait. */
const LIMITS_MS = { http: 2_500, lobby: 4_000, addresses: 4_000, turn: 4_500, channel: 4_000, clock: 1_000 } as const;
const WHOLE_MS_MAX = 19_500;
/** A probe that was told to stop and does not is left alone after this. */
const STOP_MS_MAX = 200;
const MEASURE_MS = 1_500;
const TURN_MEASURE_MS = 500;
const TURN_CHECKS: Readonly<Record<TurnWay, CheckId>> = { udp: "turn-udp", tcp: "turn-tcp", tls: "turn-tls" };

/** Makes all checks with these probes. Never rejects; once the signal is aborted, what is left is skipped. */
export function runDiagnosis(probes: DiagnosisProbes, options: DiagnosisRunOptions): Promise<Diagnosis> {
  return new DiagnosisRun(probes, options).run();
}

class DiagnosisRun {
  readonly #probes: DiagnosisProbes;
  readonly #options: DiagnosisRunOptions;
  readonly #startMs: number;
  readonly #lines = new Map<CheckId, DiagnosisLine>();

  constructor(probes: DiagnosisProbes, options: DiagnosisRunOptions) {
    this.#probes = probes;
    this.#options = options;
    this.#startMs = probes.nowMs();
  }

  async run(): Promise<Diagnosis> {
    const page = this.#probes.page();
    this.#begin("page");
    this.#end(judgePage(page));
    const servers = await this.#checkBroker(page.isHttps);
    if (page.hasWebRtc) await this.#checkNetwork(planIce(servers ?? []), servers !== undefined);
    await this.#check("clock", LIMITS_MS.clock, (signal) => this.#probes.clock(signal), judgeClock);
    const isStopped = this.#options.signal.aborted;
    for (const id of CHECK_IDS) {
      if (!this.#lines.has(id))
        this.#end(
          skipped(id, isStopped ? "Not checked: the check was stopped." : "Not checked: without WebRTC there is nothing to check."),
        );
    }
    const lines = CHECK_IDS.flatMap((id) => this.#lines.get(id) ?? []);
    const verdict = isStopped ? verdictOf([]) : verdictOf(lines);
    const elapsedMs = this.#probes.nowMs() - this.#startMs;
    return { lines, verdict, elapsedMs, report: reportText({ verdict, lines, elapsedMs, userAgent: page.userAgent }) };
  }

  /** The ICE servers; `undefined` when the lobby server did not tell them. */
  async #checkBroker(isHttps: boolean): Promise<readonly IceServer[] | undefined> {
    const { broker, iceServers } = this.#options;
    if (broker === undefined) {
      this.#end(judgeHttp({ outcome: "failed" }, false));
      this.#end(skipped("broker-lobby", "The lobby server has no address."));
      return iceServers;
    }
    const isMixed = isHttps && broker.base.startsWith("http:") && !/^http:\/\/(localhost|127\.|\[::1\])/.test(broker.base);
    if (isMixed) this.#end(judgeHttp(undefined, true));
    else {
      const health = (signal: AbortSignal): ReturnType<DiagnosisProbes["fetchHealth"]> =>
        this.#probes.fetchHealth(`${broker.base}/healthz`, signal);
      await this.#check("broker-http", LIMITS_MS.http, health, (finding) => judgeHttp(finding, false));
    }
    const lobby = await this.#check("broker-lobby", LIMITS_MS.lobby, (signal) => this.#probes.enterLobby(signal), judgeLobby);
    return iceServers ?? (lobby?.outcome === "admitted" ? lobby.iceServers : undefined);
  }

  async #checkNetwork(plan: IcePlan, isKnown: boolean): Promise<void> {
    if (isKnown) await this.#checkAddresses(plan);
    const turn = isKnown ? await this.#checkTurn(plan) : undefined;
    if (!isKnown) {
      for (const id of ["stun", "nat", "turn-udp", "turn-tcp", "turn-tls"] as const) {
        this.#end(skipped(id, "Not checked: the lobby server did not say which servers there are."));
      }
    }
    const pair = (signal: AbortSignal): Promise<PairFinding> =>
      this.#probes.pair({ servers: [], policy: "all", measureMs: MEASURE_MS, signal });
    this.#begin("path");
    const local = await this.#check("channel", LIMITS_MS.channel, pair, judgeChannel);
    if (!this.#options.signal.aborted) this.#end(judgePath(local, turn));
  }

  async #checkAddresses({ stun }: IcePlan): Promise<void> {
    this.#begin("stun");
    this.#begin("nat");
    const gather = (servers: readonly IceServer[]): Promise<Gathering | undefined> =>
      this.#within(LIMITS_MS.addresses, (signal) => this.#probes.gather({ servers, policy: "all", signal }));
    const together = stun.length > 1 ? gather(stun) : Promise.resolve(undefined);
    const found = await Promise.all(stun.map((server) => gather([server])));
    const alone = found.map((gathering) => gathering ?? { candidates: [], errors: [], isComplete: false });
    const all = await together;
    if (this.#options.signal.aborted) return;
    this.#end(judgeStun(alone, this.#options.includeAddresses));
    this.#end(judgeNat(natKindOf(alone, all)));
  }

  /** The way through the first TURN server that carries something. */
  async #checkTurn({ turn }: IcePlan): Promise<PairFinding | undefined> {
    const checks = TURN_WAYS.map(async (way) => {
      const servers = turn[way];
      const judge = (finding: TurnFinding | undefined): DiagnosisLine => judgeTurn(way, servers.length > 0, finding);
      if (servers.length > 0) return this.#check(TURN_CHECKS[way], LIMITS_MS.turn, (signal) => this.#tryTurn(servers, signal), judge);
      this.#end(judge(undefined));
      return undefined;
    });
    const found = await Promise.all(checks);
    return found.map((finding) => finding?.pair).find((pair) => pair?.outcome === "open" && pair.answered > 0);
  }

  async #tryTurn(servers: readonly IceServer[], signal: AbortSignal): Promise<TurnFinding> {
    const gathering = await this.#probes.gather({ servers, policy: "relay", signal });
    if (gathering.candidates.length === 0) return { gathering };
    return { gathering, pair: await this.#probes.pair({ servers, policy: "relay", measureMs: TURN_MEASURE_MS, signal }) };
  }

  async #check<Finding>(
    id: CheckId,
    limitMs: number,
    probe: (signal: AbortSignal) => Promise<Finding>,
    judge: (finding: Finding | undefined) => DiagnosisLine,
  ): Promise<Finding | undefined> {
    if (this.#options.signal.aborted) return undefined;
    this.#begin(id);
    const finding = await this.#within(limitMs, probe);
    // Of a check that was stopped nothing is known.
    if (!this.#options.signal.aborted) this.#end(judge(finding));
    return finding;
  }

  /** What the probe found in this time, or so far; `undefined` when it found nothing or does not stop. */
  async #within<Finding>(limitMs: number, probe: (signal: AbortSignal) => Promise<Finding>): Promise<Finding | undefined> {
    const { signal } = this.#options;
    const leftMs = this.#startMs + WHOLE_MS_MAX - this.#probes.nowMs();
    if (signal.aborted || leftMs <= 0) return undefined;
    const stop = new AbortController();
    const isDone = new AbortController();
    signal.addEventListener("abort", () => stop.abort(), { signal: isDone.signal });
    const timeIsUp = this.#probes.wait(Math.min(limitMs, leftMs), stop.signal).then(async () => {
      stop.abort();
      await this.#probes.wait(STOP_MS_MAX, isDone.signal);
      return undefined;
    });
    try {
      return await Promise.race([timeIsUp, Promise.resolve(stop.signal).then(probe)]);
    } catch {
      return undefined;
    } finally {
      isDone.abort();
      stop.abort();
    }
  }

  #begin(id: CheckId): void {
    this.#tell({ id, state: "running" });
  }

  #end(line: DiagnosisLine): void {
    this.#lines.set(line.id, line);
    this.#tell({ id: line.id, state: "done", line });
  }

  #tell(step: DiagnosisStep): void {
    try {
      this.#options.onStep(step);
    } catch {
      // The game's own code, which must not end the check.
    }
  }
}
