import {
  LOBBY_TIMES,
  type EntranceAttempt,
  normalizeLobbyCode,
  parsePeerId,
  type GameIdentity,
  type LobbyCode,
  type PeerId,
  type Profile,
} from "@rollcall/netcode/lobby-protocol";
import { FIRST_CONNECTION, openLobby, stepLobby, type LobbyRequest, type LobbyStep, type RoomCommand } from "../src/lobby.ts";
import type { LobbyRefusal } from "../src/lobby-draft.ts";
import type { LobbyRecord, NumberedChange } from "../src/lobby-record.ts";

export const TAG: GameIdentity = { id: "tag", version: 1, contentHash: "0123abcd" };

export function peer(text: string): PeerId {
  const peerId = parsePeerId(text);
  if (peerId === undefined) throw new Error(`not a peer id: ${text}`);
  return peerId;
}

export function code(text: string): LobbyCode {
  const lobbyCode = normalizeLobbyCode(text);
  if (lobbyCode === undefined) throw new Error(`not a code: ${text}`);
  return lobbyCode;
}

export function named(name: string): Profile {
  return { name, colour: 0, choices: null };
}

/** A lobby under test: keeps record, connections and all changes; people are named by one word, which is peer id, name, secret, device and address. */
export class TestLobby {
  record: LobbyRecord;
  nowMs = 1_000;
  readonly changes: NumberedChange[] = [];
  readonly connections = new Map<string, number>();
  /** The last one. */
  refusal: LobbyRefusal | undefined;

  /** `idleMs`: so long that no other test comes near it. */
  constructor(options: { readonly capacity?: number; readonly audience?: number; readonly idleMs?: number } = {}) {
    const peerId = peer("ada");
    this.record = openLobby({
      nowMs: this.nowMs,
      idleMs: options.idleMs ?? 1e12,
      terms: {
        game: TAG,
        profile: named("ada"),
        capacity: options.capacity ?? 4,
        settings: { rounds: 5 },
        metadata: null,
        audience: options.audience ?? 0,
      },
      life: { id: "life", openedAtMs: 1_000 },
      code: code("KXRTM"),
      peerId,
      secretHash: "secret-ada",
      address: "address-ada",
      deviceHash: "device-ada",
      entrance: null,
    });
    this.connections.set("ada", FIRST_CONNECTION);
  }

  /** The types of the changes since `from`. */
  types(from = 0): string[] {
    return this.changes.slice(from).map(({ change }) => change.type);
  }

  get people(): string[] {
    return this.record.lobby.members.map((member) => member.peerId);
  }

  step(request: LobbyRequest): LobbyStep {
    const step = stepLobby(this.record, request, this.nowMs);
    this.record = step.record;
    this.changes.push(...step.changes);
    if (step.answer.ok && step.answer.entrance !== undefined)
      this.connections.set(step.answer.entrance.peerId, step.answer.entrance.connection);
    return step;
  }

  /** The code of the refusal, or "ok". */
  #outcome(step: LobbyStep): string {
    if (step.answer.ok) return "ok";
    this.refusal = step.answer.refusal;
    return this.refusal.code;
  }

  join(
    name: string,
    options: {
      readonly game?: GameIdentity;
      readonly address?: string;
      readonly deviceHash?: string | null;
      readonly peerId?: PeerId;
      readonly as?: "player" | "spectator" | "queue";
      readonly password?: { readonly text: string; readonly proof: string } | null;
      readonly entrance?: EntranceAttempt;
      readonly reservationHash?: string | null;
      readonly secretHash?: string;
    } = {},
  ): string {
    const {
      game = TAG,
      address = `address-${name}`,
      deviceHash = `device-${name}`,
      peerId = peer(name),
      password = null,
      as = "player",
      entrance = null,
      reservationHash = null,
      secretHash = `secret-${name}`,
    } = options;
    return this.#outcome(
      this.step({
        type: "join",
        game,
        profile: named(name),
        address,
        deviceHash,
        entrance,
        reservationHash,
        as,
        password,
        peerId,
        secretHash,
      }),
    );
  }

  /** `as`: the page is fresh, and this is its new peer id. */
  resume(name: string, as?: string, from: { readonly address?: string; readonly deviceHash?: string | null } = {}): string {
    const { address = `address-${name}`, deviceHash = `device-${name}` } = from;
    return this.#outcome(
      this.step({
        type: "resume",
        secretHash: `secret-${name}`,
        freshPeerId: as === undefined ? undefined : peer(as),
        address,
        deviceHash,
      }),
    );
  }

  command(name: string, command: RoomCommand, hostEpoch?: number): string {
    return this.#outcome(
      this.step({ type: "command", peerId: peer(name), connection: this.connections.get(name) ?? 0, command, hostEpoch, seed: 77 }),
    );
  }

  disconnect(name: string, keptMs: number = LOBBY_TIMES.seatKeptMs): void {
    this.step({ type: "disconnected", peerId: peer(name), connection: this.connections.get(name) ?? 0, keptMs });
  }

  pass(ms: number): void {
    this.nowMs += ms;
    this.step({ type: "time" });
  }
}

/** Asks for a match of four that counts down for three seconds. */
export const START = { type: "start", playerCount: 4, botProfiles: [], countdownMs: 3_000 } as const;
