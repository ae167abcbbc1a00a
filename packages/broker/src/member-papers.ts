import type { LobbyCode, PeerId, RosterAuthority } from "@rollcall/netcode/lobby-protocol";
import { LobbyKeeper, type LobbyKeeperOptions } from "./lobby-keeper.ts";
import type { LobbyRecord, NumberedChange } from "./lobby-record.ts";
import { LobbyRosters } from "./lobby-rosters.ts";
import type { LobbySeal } from "./lobby-seal.ts";
import type { RosterSigner } from "./roster-signer.ts";

export interface MemberPapersOptions extends Omit<LobbyKeeperOptions, "seal"> {
  /** Lets members keep their lobbies over a restart; `undefined` where the signing key does not outlive it. */
  readonly seal: LobbySeal | undefined;
  /** `undefined`: no rosters. */
  readonly signer: RosterSigner | undefined;
  /** Something failed where nobody waits for an answer. */
  readonly handleFailure: (error: unknown) => void;
}

/** What the members of a lobby get beside its events: its record, sealed for the broker, and its roster, signed for each other. */
export class MemberPapers {
  readonly #keeper: LobbyKeeper | undefined;
  readonly #rosters: LobbyRosters | undefined;

  constructor({ seal, signer, rooms, nowMs, handleFailure }: MemberPapersOptions) {
    this.#keeper = seal && new LobbyKeeper({ seal, rooms, nowMs });
    this.#rosters = signer && new LobbyRosters({ signer, rooms, handleFailure });
  }

  /** For an admission. */
  authorityOf(record: LobbyRecord): { readonly authority?: RosterAuthority } {
    return this.#rosters === undefined ? {} : { authority: this.#rosters.authorityOf(record) };
  }

  /** The member has its admission. */
  greet(code: LobbyCode, peerId: PeerId, record: LobbyRecord): void {
    this.#rosters?.greet(code, peerId, record);
  }

  /** The lobby was written; its events are on their way, and who came in is in the room. */
  handleWritten(code: LobbyCode, record: LobbyRecord, changes: readonly NumberedChange[]): void {
    this.#keeper?.handleWritten(code, record, changes);
    this.#rosters?.handleWritten(code, record);
  }

  /** Nobody of the lobby is here any more. */
  forget(code: LobbyCode): void {
    this.#keeper?.forget(code);
    this.#rosters?.forget(code);
  }

  /** The broker stops: whoever is connected gets the newest. */
  close(): void {
    this.#keeper?.close();
    this.#rosters?.close();
  }
}
