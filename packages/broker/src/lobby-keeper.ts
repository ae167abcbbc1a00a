import type { BrokerMessage, LobbyChange, LobbyCode } from "@rollcall/netcode/lobby-protocol";
import type { LobbyRecord, NumberedChange } from "./lobby-record.ts";
import type { LobbyRooms } from "./lobby-rooms.ts";
import type { LobbySeal } from "./lobby-seal.ts";
import { Allowance } from "./allowance.ts";

/** Least time between two keepsakes of a lobby, important changes apart. At half, busy lobbies cost twice; at double, a restart forgets twice as much. */
const KEEPSAKE_LEAST_MS = 1_000;
/** A keepsake is renewed after this although nothing changed, long before it is too old. */
const KEEPSAKE_RENEWED_MS = 3_600_000;

/** Important changes of a lobby that are sealed at once, in a row and then each second. At half, a lively minute is sealed late; without a bound, 64 members and a host that starts and ends matches make 150 MB a second. */
const AT_ONCE = { perSecond: 2, burst: 8 } as const;

/** What a restarted broker must not have forgotten: else two would be host, a kick would not hold, or a running match would be over. */
const IMPORTANT: ReadonlySet<LobbyChange["type"]> = new Set(["host-changed", "match-started", "match-ended", "member-left"]);

interface Kept {
  record: LobbyRecord;
  sentAtMs: number;
  timer: NodeJS.Timeout | undefined;
  readonly atOnce: Allowance;
}

export interface LobbyKeeperOptions {
  readonly seal: LobbySeal;
  readonly rooms: LobbyRooms;
  readonly nowMs: () => number;
}

/** Gives the members of each lobby what brings it back when this process ends: its record, sealed, soon after it changed. */
export class LobbyKeeper {
  readonly #options: LobbyKeeperOptions;
  readonly #kept = new Map<LobbyCode, Kept>();

  constructor(options: LobbyKeeperOptions) {
    this.#options = options;
  }

  /** The lobby was written; its events are on their way, and who came in is in the room. */
  handleWritten(code: LobbyCode, record: LobbyRecord, changes: readonly NumberedChange[]): void {
    if (record.lobby.members.length === 0) return this.forget(code);
    const nowMs = this.#options.nowMs();
    const kept = this.#kept.get(code) ?? { record, sentAtMs: -Infinity, timer: undefined, atOnce: new Allowance(nowMs, AT_ONCE) };
    kept.record = record;
    this.#kept.set(code, kept);
    const isAtOnce = changes.some(({ change }) => IMPORTANT.has(change.type)) && kept.atOnce.take(nowMs);
    const waitMs = isAtOnce ? 0 : kept.sentAtMs + KEEPSAKE_LEAST_MS - nowMs;
    if (waitMs > 0) this.#later(code, kept, waitMs);
    else this.#send(code, kept);
  }

  /** Nobody of the lobby is here any more. */
  forget(code: LobbyCode): void {
    clearTimeout(this.#kept.get(code)?.timer);
    this.#kept.delete(code);
  }

  /** The broker stops: whoever is connected gets the newest. */
  close(): void {
    for (const [code, kept] of this.#kept) {
      this.#send(code, kept);
      this.forget(code);
    }
  }

  #send(code: LobbyCode, kept: Kept): void {
    const { seal, rooms, nowMs } = this.#options;
    kept.sentAtMs = nowMs();
    this.#later(code, kept, KEEPSAKE_RENEWED_MS);
    const keepsake = seal.seal(kept.record);
    if (keepsake !== undefined) rooms.send(code, JSON.stringify({ keepsake } satisfies BrokerMessage));
  }

  #later(code: LobbyCode, kept: Kept, waitMs: number): void {
    clearTimeout(kept.timer);
    kept.timer = setTimeout(() => this.#send(code, kept), waitMs).unref();
  }
}
