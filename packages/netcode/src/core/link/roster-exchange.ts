import { asciiBytes } from "../base/ascii.ts";
import type { PeerId } from "../base/units.ts";
import type { RosterAuthority, RosterKey } from "../ports/lobby-protocol.ts";
import { parseRoster, type Roster, type UncheckedRoster } from "../ports/roster.ts";
import * as KIND from "./link-kind.ts";
import type { LinkOutput } from "./link-output.ts";

/** A roster of the same number counts as renewed when it is so much younger. Nodes of one broker sign theirs within a second. */
const RENEWED_S = 600;

/** What this member holds rosters against: of its first admission, over the channel that nobody had got into by then. */
export interface RosterTrust extends RosterAuthority {
  /** When the admission came, on the clock that `nowMs` is of. */
  readonly atMs: number;
}

export interface RosterExchangeOptions {
  /** The lobby's code. */
  readonly lobby: string | undefined;
  /** `undefined`: nobody signs, so everybody counts. */
  readonly trust: RosterTrust | undefined;
  readonly output: LinkOutput;
}

/**
 * The rosters of the lobby as this member knows them: those of the broker and those that others pass on are taken alike, the newest with a right
 * signature counts. A part of `LinkMesh`.
 */
export class RosterExchange {
  readonly #options: RosterExchangeOptions;
  #keys: readonly RosterKey[];
  #newest: UncheckedRoster | undefined;
  /** The newest of each neighbour, or of the broker, that waits for its turn. */
  readonly #waiting = new Map<PeerId | "broker", UncheckedRoster>();
  /** Brought a wrong signature since the last right one of anybody: not worth another check. */
  readonly #liars = new Set<PeerId>();
  #checking: { readonly request: number; readonly from: PeerId | "broker"; readonly found: UncheckedRoster } | undefined;
  readonly #news: Roster[] = [];

  constructor(options: RosterExchangeOptions) {
    this.#options = options;
    this.#keys = options.trust?.keys ?? [];
  }

  /** The newest, to show to others. */
  get packet(): Uint8Array | undefined {
    return this.#newest && asciiBytes(`${String.fromCharCode(KIND.roster)}${this.#newest.text}`);
  }

  /** Whether the newest roster has this member. */
  admits(wanted: PeerId): boolean {
    return this.#options.trust === undefined || this.#newest?.roster.members.some(({ peerId }) => peerId === wanted) === true;
  }

  /** From the broker, or from `from`, which may be anybody. */
  handleText(nowMs: number, from: PeerId | "broker", text: string): void {
    const { trust, lobby, output } = this.#options;
    const found = trust === undefined ? "roster-foreign" : parseRoster(text, this.#keys);
    if (typeof found === "string") return output.refuse(found);
    const { code, life, expiresS, number } = found.roster;
    if (code !== lobby || life !== trust?.life) return output.refuse("roster-foreign");
    if (expiresS <= trust.clockS + (nowMs - trust.atMs) / 1_000) return output.refuse("roster-expired");
    if (number < (this.#newest?.roster.number ?? 0)) return output.refuse("roster-old");
    if (from !== "broker" && this.#liars.has(from)) return output.refuse("roster-forged");
    // Said again by somebody else, as a rule.
    if (!this.#isNewer(found.roster) || number < (this.#waiting.get(from)?.roster.number ?? 0)) return;
    this.#waiting.set(from, found);
    this.#checkNext();
  }

  /** The answer to a `verify` action. True: there is a newer roster to pass on. */
  handleVerified(request: number, isSigned: boolean): boolean {
    if (this.#checking?.request !== request) return false;
    const { found, from } = this.#checking;
    this.#checking = undefined;
    if (isSigned) this.#accept(found);
    else {
      this.#options.output.refuse("roster-forged");
      if (from !== "broker") this.#liars.add(from);
    }
    this.#checkNext();
    return isSigned && found.roster.isCertain;
  }

  /** No neighbour any more. */
  forget(peerId: PeerId): void {
    this.#waiting.delete(peerId);
    this.#liars.delete(peerId);
  }

  /** The members, those first that come after us: each passes on to the next few, so that all get it and nobody has to send it to all. */
  after(localPeerId: PeerId): readonly PeerId[] {
    const ids = this.#newest?.roster.members.map(({ peerId }) => peerId) ?? [];
    const next = ids.indexOf(localPeerId) + 1;
    return [...ids.slice(next), ...ids.slice(0, next)];
  }

  pollNews(): Roster | undefined {
    return this.#news.shift();
  }

  #isNewer({ number, issuedS }: Roster): boolean {
    const newest = this.#newest?.roster;
    return newest === undefined || number > newest.number || (number === newest.number && issuedS >= newest.issuedS + RENEWED_S);
  }

  /** One at a time, in turn, so that nobody's lies keep out what others bring. */
  #checkNext(): void {
    const { output } = this.#options;
    for (const [from, found] of this.#waiting) {
      if (this.#checking !== undefined) return;
      this.#waiting.delete(from);
      if (!this.#isNewer(found.roster)) continue;
      const { key, signed, signature } = found;
      this.#checking = { request: output.nextRequest(), from, found };
      output.actions.push({ type: "verify", request: this.#checking.request, key, signed, signature });
    }
  }

  #accept(found: UncheckedRoster): void {
    const { roster } = found;
    this.#newest = found;
    this.#keys = roster.keys;
    this.#liars.clear();
    // What members brought back may be from before somebody was kicked: it says who may come, and no more.
    if (roster.isCertain) this.#news.push(roster);
  }
}
