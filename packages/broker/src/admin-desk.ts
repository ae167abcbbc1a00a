import type { AudienceRole, LobbyCode } from "@rollcall/netcode/lobby-protocol";
import { ADMIN_PAGE_POLICY, grouped, renderAdminPage, type AdminFigure, type AdminLobby } from "./admin-page.ts";
import type { Counters } from "./counters.ts";
import type { BrokerLimits } from "./limits.ts";
import type { LobbyRecord } from "./lobby-record.ts";
import type { LobbyStore } from "./lobby-store.ts";
import type { Meters } from "./meters.ts";
import { RateHistory } from "./rate-history.ts";

export interface AdminDeskOptions {
  readonly meters: Meters;
  readonly refusals: Counters;
  /** Lobbies of which somebody is connected here. */
  readonly codes: () => readonly LobbyCode[];
  readonly memberCount: () => number;
  readonly store: Pick<LobbyStore, "load">;
  readonly limits: BrokerLimits;
  readonly readiness: () => string;
  /** Resident memory of the process. */
  readonly memoryBytes: () => number;
  readonly nowMs: () => number;
  /** By which lobbies were opened. */
  readonly wallMs: () => number;
}

type Name = "sockets" | "members" | "lobbies" | "requests" | "signals" | "refusals" | "bytesIn" | "bytesOut" | "memory";

/** Rows of a page that somebody reads, and loads from a store that others need more. */
const LOBBIES_SHOWN = 200;
/**
 * Two letters let an operator find the lobby that somebody asks about. A stranger who sees them has 8,000 codes left to try where codes have five (the
 * shortest); among a thousand lobbies any guess hits after 3,200.
 */
const CODE_LETTERS_SHOWN = 2;

/** Gathers what an operator wants to see, and remembers ten minutes of it. */
export class AdminDesk {
  readonly #options: AdminDeskOptions;
  readonly #startedAtMs: number;
  readonly #history: RateHistory<Name>;
  /** Counts by reason, ten minutes ago at most. */
  readonly #refusals: { readonly atMs: number; readonly counts: Readonly<Record<string, number>> }[] = [];
  readonly policy: string = ADMIN_PAGE_POLICY;

  constructor(options: AdminDeskOptions) {
    this.#options = options;
    this.#startedAtMs = options.nowMs();
    this.#history = new RateHistory(() => this.#figures());
    this.sweep(this.#startedAtMs);
  }

  /** To be called every second or so. */
  sweep(nowMs: number): void {
    this.#history.sweep(nowMs);
    const last = this.#refusals.at(-1);
    if (last !== undefined && nowMs - last.atMs < MINUTE_MS) return;
    this.#refusals.push({ atMs: nowMs, counts: this.#options.refusals.snapshot() });
    if (this.#refusals.length > 10) this.#refusals.shift();
  }

  /** The page as HTML. A store that does not answer is told on it. */
  async page(): Promise<string> {
    const { codes, readiness, nowMs, wallMs } = this.#options;
    const known = codes();
    const found = await Promise.allSettled(known.slice(0, LOBBIES_SHOWN).map((code) => this.#lobby(code)));
    return renderAdminPage({
      readiness: readiness(),
      uptimeMs: nowMs() - this.#startedAtMs,
      figures: this.#shownFigures(),
      lobbies: found.flatMap((each) => (each.status === "fulfilled" ? each.value : [])),
      lobbyCount: known.length,
      storeFailed: found.some(({ status }) => status === "rejected"),
      refusals: this.#shownRefusals(),
      madeAt: new Date(wallMs()).toISOString().slice(0, 19).replace("T", " ") + " UTC",
    });
  }

  async #lobby(code: LobbyCode): Promise<readonly AdminLobby[]> {
    const { record } = await this.#options.store.load(code);
    return record === undefined || record.lobby.members.length === 0 ? [] : [describe(record, this.#options.wallMs())];
  }

  #figures(): Readonly<Record<Name, number>> {
    const { meters, refusals, codes, memberCount, memoryBytes } = this.#options;
    const [lobby, signaling] = [meters.traffic("lobby"), meters.traffic("signaling")];
    const sum = (counters: Counters): number => Object.values(counters.snapshot()).reduce((total, count) => total + count, 0);
    return {
      sockets: lobby.sockets + signaling.sockets,
      members: memberCount(),
      lobbies: codes().length,
      requests: sum(meters.requests),
      signals: sum(meters.signals),
      refusals: sum(refusals),
      bytesIn: lobby.bytesIn + signaling.bytesIn,
      bytesOut: lobby.bytesOut + signaling.bytesOut,
      memory: memoryBytes(),
    };
  }

  #shownFigures(): readonly AdminFigure[] {
    const { meters, limits } = this.#options;
    const now = this.#figures();
    const signaling = meters.traffic("signaling").sockets;
    const level = (label: string, name: Name, note: string): AdminFigure => {
      return { label, now: grouped(now[name]), note, history: this.#history.levels(name) };
    };
    const rate = (label: string, name: Name, note: string): AdminFigure => {
      const history = this.#history.perSecond(name);
      return { label, now: `${perSecond(history.at(-1) ?? 0)} /s`, note, history };
    };
    const [sent, received] = [this.#history.perSecond("bytesOut"), this.#history.perSecond("bytesIn")];
    return [
      level("Sockets", "sockets", `${grouped(now.sockets - signaling)} control, ${grouped(signaling)} signaling`),
      level("Members", "members", "connected or with a kept seat"),
      level("Lobbies here", "lobbies", `limit ${grouped(limits.lobbies)}`),
      { label: "Memory", now: size(now.memory), note: "resident", history: this.#history.levels("memory") },
      rate("Requests", "requests", `${grouped(now.requests)} answered in all`),
      rate("Signals", "signals", `${grouped(now.signals)} in all`),
      rate("Turned away", "refusals", `${grouped(now.refusals)} in all`),
      { label: "Sent", now: `${size(sent.at(-1) ?? 0)}/s`, note: `received ${size(received.at(-1) ?? 0)}/s`, history: sent },
    ];
  }

  #shownRefusals(): readonly { readonly reason: string; readonly count: number; readonly lastMinutes: number }[] {
    const before = this.#refusals[0]?.counts ?? {};
    return Object.entries(this.#options.refusals.snapshot()).map(([reason, count]) => ({
      reason,
      count,
      lastMinutes: count - (before[reason] ?? 0),
    }));
  }
}

const MINUTE_MS = 60_000;

function describe({ lobby, life }: LobbyRecord, wallMs: number): AdminLobby {
  const { match, locked, relayOnly, door, members } = lobby;
  const ofRole = (wanted: AudienceRole | undefined): number => members.filter(({ role }) => role === wanted).length;
  const states = [
    ...(match === undefined ? [] : ["in a match"]),
    ...(door.listed ? ["listed"] : []),
    ...(locked ? ["locked"] : []),
    ...(door.password ? ["password"] : []),
    ...(relayOnly ? ["relay only"] : []),
    ...(ofRole("spectator") > 0 ? [`${ofRole("spectator")} watching`] : []),
    ...(ofRole("queued") > 0 ? [`${ofRole("queued")} waiting`] : []),
  ];
  return {
    mark: lobby.code.slice(0, CODE_LETTERS_SHOWN).padEnd(lobby.code.length, "·"),
    game: `${lobby.game.id} ${lobby.game.version}`,
    hostName: members.find(({ peerId }) => peerId === lobby.hostId)?.profile.name ?? "",
    connected: members.filter(({ connected }) => connected).length,
    players: ofRole(undefined),
    capacity: lobby.capacity,
    states,
    ageMs: wallMs - life.openedAtMs,
  };
}

function perSecond(rate: number): string {
  return rate === 0 || rate >= 100 ? grouped(rate) : rate.toFixed(rate >= 10 ? 1 : 2);
}

function size(bytes: number): string {
  const units = ["B", "kB", "MB", "GB", "TB"];
  const unit = bytes < 1 ? 0 : Math.min(units.length - 1, Math.floor(Math.log10(bytes) / 3));
  const value = bytes / 1_000 ** unit;
  return `${unit === 0 ? Math.round(value) : value.toFixed(value >= 100 ? 0 : 1)} ${units[unit] ?? ""}`;
}
