import type { BrokerMessage, LobbyCode, PeerId, RosterAuthority } from "@rollcall/netcode/lobby-protocol";
import type { LobbyRecord } from "./lobby-record.ts";
import type { LobbyRooms } from "./lobby-rooms.ts";
import type { RosterSigner } from "./roster-signer.ts";

/** A roster is renewed after this although nothing changed: it brings the keys to come, and is good for six hours. */
const ROSTER_RENEWED_MS = 3_600_000;

interface Told {
  record: LobbyRecord;
  /** What the newest roster is of; `undefined`: it is being made. */
  content: string | undefined;
  text: string | undefined;
  isSigning: boolean;
  timer: NodeJS.Timeout | undefined;
}

export interface LobbyRostersOptions {
  readonly signer: RosterSigner;
  readonly rooms: LobbyRooms;
  readonly handleFailure: (error: unknown) => void;
}

/** Tells the members of each lobby who they are, signed, whenever somebody came or left. */
export class LobbyRosters {
  readonly #options: LobbyRostersOptions;
  readonly #told = new Map<LobbyCode, Told>();

  constructor(options: LobbyRostersOptions) {
    this.#options = options;
  }

  authorityOf(record: LobbyRecord): RosterAuthority {
    return this.#options.signer.authorityOf(record);
  }

  /** The lobby was written; its events are on their way, and who came in is in the room. */
  handleWritten(code: LobbyCode, record: LobbyRecord): void {
    const { members } = record.lobby;
    if (members.length === 0) return this.forget(code);
    const told = this.#told.get(code) ?? { record, content: undefined, text: undefined, isSigning: false, timer: undefined };
    told.record = record;
    // Who is alone has nobody to show it to.
    if (members.length === 1 && !this.#told.has(code)) return;
    this.#told.set(code, told);
    if (told.content !== contentOf(record)) void this.#sign(code, told);
  }

  /** A member that was away has its socket again: it gets what it may have missed, unless a newer one is about to come. */
  greet(code: LobbyCode, peerId: PeerId, record: LobbyRecord): void {
    const { text, content } = this.#told.get(code) ?? {};
    if (text !== undefined && content === contentOf(record)) this.#options.rooms.socketOf(code, peerId)?.sendText(text);
  }

  /** Nobody of the lobby is here any more. */
  forget(code: LobbyCode): void {
    clearTimeout(this.#told.get(code)?.timer);
    this.#told.delete(code);
  }

  close(): void {
    for (const code of this.#told.keys()) this.forget(code);
  }

  /** What came meanwhile is in the next one. */
  async #sign(code: LobbyCode, told: Told): Promise<void> {
    if (told.isSigning) return;
    told.isSigning = true;
    const { signer, rooms, handleFailure } = this.#options;
    try {
      while (this.#told.get(code) === told && told.content !== contentOf(told.record)) {
        const { record } = told;
        told.text = JSON.stringify({ roster: await signer.sign(record) } satisfies BrokerMessage);
        told.content = contentOf(record);
        if (this.#told.get(code) === told) rooms.send(code, told.text);
      }
      this.#renewLater(code, told);
    } catch (error) {
      handleFailure(error);
    } finally {
      told.isSigning = false;
    }
  }

  #renewLater(code: LobbyCode, told: Told): void {
    clearTimeout(told.timer);
    if (this.#told.get(code) !== told) return;
    told.timer = setTimeout(() => {
      told.content = undefined;
      void this.#sign(code, told);
    }, ROSTER_RENEWED_MS).unref();
  }
}

/** What a roster of this record says, times and keys apart. */
function contentOf({ life, generation, restoration, lobby }: LobbyRecord): string {
  return [life.id, generation, restoration === null, ...lobby.members.map(({ peerId, order }) => `${peerId} ${order}`)].join();
}
