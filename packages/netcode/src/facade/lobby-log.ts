import { TokenBucket } from "../core/base/token-bucket.ts";
import type { PeerId } from "../core/base/units.ts";
import type { InputSchema } from "../core/game/input-schema.ts";
import type { LinkStage } from "../core/ports/link.ts";
import type { NetcodeErrorLike } from "./error-types.ts";
import type { Lobby, LobbyPeer } from "./lobby-types.ts";
import type { Match, MatchEvents } from "./match-types.ts";
import type { LogEntry, LogLevel, LogScope } from "./log-types.ts";

/** What of a lobby is watched. */
type WatchedLobby<State, Schema extends InputSchema> = Pick<Lobby<State, Schema>, "state" | "peers" | "match" | "on">;

export interface LobbyLogOptions {
  readonly nowMs: () => number;
  readonly write: (entry: LogEntry) => void;
  readonly reportError: (error: unknown) => void;
}

type Fields = LogEntry["fields"];

/** Entries at once; at half, the start of a match with eight peers is cut off; at double, a flapping link costs the game's server a page a second. */
const BURST = 60;
/** And then so many a second. */
const RATE_HZ = 5;
/** Enough of a peer's id to tell members apart. */
const PEER_ID_LETTERS = 8;
const BAD_STAGES = new Set<LinkStage>(["suspect", "restarting", "rebuilding", "lost"]);

/** Tells a game what happens to its connections, for its own reports of failures: structured, bounded in rate, without secrets and addresses. */
export class LobbyLog {
  readonly #options: LobbyLogOptions;
  readonly #stages = new Map<PeerId, string>();
  readonly #watched = new Set<number>();
  readonly #allowance = new TokenBucket(RATE_HZ, BURST);
  #dropped = 0;
  #isFailing = false;

  constructor(options: LobbyLogOptions) {
    this.#options = options;
  }

  /** Entering a lobby failed, or came to something. */
  noteEntrance(how: string, error: NetcodeErrorLike | undefined): void {
    this.#note(error === undefined ? "info" : "error", "lobby", error?.code ?? "entered", { how, ...reasonOf(error) });
  }

  watch<State, Schema extends InputSchema>(lobby: WatchedLobby<State, Schema>): void {
    const seatOf = (peerId: PeerId): Fields => ({
      peer: peerId.slice(0, PEER_ID_LETTERS),
      seat: lobby.state.members.find((member) => member.peerId === peerId)?.seat ?? -1,
    });
    lobby.on("change", () => this.#noteStages(lobby.peers, seatOf));
    lobby.on("member-gone", ({ peerId }, reason) => this.#note("info", "lobby", "member-gone", { ...seatOf(peerId), reason }));
    lobby.on("member-returned", ({ peerId }) => this.#note("info", "lobby", "member-returned", seatOf(peerId)));
    lobby.on("host-changed", ({ peerId }) => this.#note("info", "lobby", "host-changed", seatOf(peerId)));
    lobby.on("peer-unreachable", ({ peerId }, error) => this.#note("error", "link", error.code, { ...seatOf(peerId), ...reasonOf(error) }));
    lobby.on("broker-lost", () => this.#note("warn", "broker", "broker-lost", {}));
    lobby.on("broker-back", () => this.#note("info", "broker", "broker-back", {}));
    lobby.on("closed", (error) => this.#note(error === undefined ? "info" : "error", "lobby", error?.code ?? "left", reasonOf(error)));
    lobby.on("match", (match) => this.#watchMatch(match, seatOf));
    if (lobby.match !== undefined) this.#watchMatch(lobby.match, seatOf);
    this.#noteStages(lobby.peers, seatOf);
  }

  #watchMatch<State, Schema extends InputSchema>(match: Match<State, Schema>, seatOf: (peerId: PeerId) => Fields): void {
    const { matchNumber } = match;
    if (this.#watched.has(matchNumber)) return;
    this.#watched.add(matchNumber);
    const note = (level: LogLevel, code: string, fields: Fields = {}): void =>
      this.#note(level, "match", code, { match: matchNumber, ...fields });
    const on = <Name extends keyof MatchEvents>(name: Name, listener: MatchEvents[Name]): void => void match.on(name, listener);
    note("info", "started");
    on("synchronized", (frame) => note("info", "synchronized", { frame }));
    on("suspect", (peerId) => note("warn", "suspect", seatOf(peerId)));
    on("recovered", (peerId) => note("info", "recovered", seatOf(peerId)));
    on("seat-to-bot", ({ peerId, frame, cause, reason }) =>
      note("warn", "seat-to-bot", { ...seatOf(peerId), frame, cause, reason: reason ?? "unknown" }),
    );
    on("seat-to-player", ({ peerId, frame }) => note("info", "seat-to-player", { ...seatOf(peerId), frame }));
    on("desync", ({ peerId, frame, paths }) =>
      note("error", "desync", { ...seatOf(peerId), frame, paths: (paths ?? []).slice(0, 4).join(" ") }),
    );
    on("repaired", ({ peerId, frame }) => note("warn", "repaired", { ...seatOf(peerId), frame }));
    on("desync-persists", ({ frame, repairs }) => note("error", "desync-persists", { frame, repairs }));
    on("conflicting-input", ({ peerId, frame }) => note("error", "conflicting-input", { ...seatOf(peerId), frame }));
    on("waiting-for-quorum", () => note("warn", "waiting-for-quorum"));
    on("role", (role) => note("info", "role", { role }));
    on("dropped", () => note("error", "dropped"));
    on("ended", ({ frame }) => note("info", "ended", { frame }));
  }

  /** Links that are in another stage, or take another way, than when last looked at. */
  #noteStages(peers: readonly LobbyPeer[], seatOf: (peerId: PeerId) => Fields): void {
    for (const { peerId, stage, status, path, rttMs, lossRatio } of peers) {
      const now = `${stage ?? status} ${path}`;
      const before = this.#stages.get(peerId);
      if (before === now) continue;
      this.#stages.set(peerId, now);
      const level = stage !== undefined && BAD_STAGES.has(stage) ? "warn" : "info";
      const fields = { stage: stage ?? status, path, rttMs: Math.round(rttMs), lossPercent: Math.round(lossRatio * 100) };
      this.#note(level, "link", "stage", { ...seatOf(peerId), before: before ?? "none", ...fields });
    }
    const known = new Set(peers.map(({ peerId }) => peerId));
    for (const peerId of this.#stages.keys()) if (!known.has(peerId)) this.#stages.delete(peerId);
  }

  #note(level: LogLevel, scope: LogScope, code: string, fields: Fields): void {
    const atMs = this.#options.nowMs();
    if (!this.#allowance.take(atMs)) {
      this.#dropped += 1;
      return;
    }
    const dropped = this.#dropped === 0 ? {} : { dropped: this.#dropped };
    this.#dropped = 0;
    try {
      this.#options.write({ atMs, level, scope, code, fields: { ...fields, ...dropped } });
      this.#isFailing = false;
    } catch (error) {
      // One in a row: a log that fails must not fill the console.
      if (!this.#isFailing) this.#options.reportError(error);
      this.#isFailing = true;
    }
  }
}

/** Reason and evidence of an error, in plain values. */
function reasonOf(error: NetcodeErrorLike | undefined): Fields {
  const failure = error?.failure;
  if (failure === undefined) return {};
  const { stage, attempts, localCandidates, remoteCandidates, iceServerErrors, hasTurn } = failure.evidence;
  return {
    reason: failure.reason,
    stage,
    attempts,
    hasTurn,
    local: localCandidates.join(" "),
    remote: remoteCandidates.join(" "),
    iceErrors: [...new Set(iceServerErrors.map(({ code }) => code))].join(" "),
  };
}
