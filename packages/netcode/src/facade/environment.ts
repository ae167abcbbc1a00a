import type { Page } from "../adapters/page.ts";
import type { AnswerSeals } from "../adapters/answer-gate.ts";
import type { SignalingGrant } from "../adapters/signaling-options.ts";
import type { ProveSocket } from "../adapters/signaling-proof.ts";
import type { VisitCrypto } from "../adapters/visit-crypto.ts";
import type { OpenControlSocket } from "../adapters/websocket.ts";
import type { PeerId } from "../core/base/units.ts";
import type { Transport } from "../core/ports/transport.ts";
import type { StartTicker } from "../driver/ticker.ts";
import type { PasswordProof, PasswordVerifier } from "../core/ports/lobby-protocol.ts";
import type { PasswordQuestion } from "./lobby-password.ts";
import type { RoomParts } from "./room-parts.ts";

export interface TransportSetup {
  readonly localPeerId: PeerId;
  /** Opens signaling for `localPeerId`. */
  readonly prove: ProveSocket;
  /** Tells the members' own answers from what the broker says in their name. */
  readonly seals: AnswerSeals;
  /** `http:` or `https:`: signaling is at `/peerjs` below it. */
  readonly broker: URL;
}

/** What a transport may use once its page is a member. */
export type TransportGrant = Required<SignalingGrant>;

/** Comes up while its page is being admitted: its way to the broker is made, and nothing else before `admit`. */
export interface LobbyTransport extends Transport {
  admit(grant: TransportGrant): void;
}

export type CreateTransport = (setup: TransportSetup) => LobbyTransport;

export type MakeVerifier = (password: string) => Promise<PasswordVerifier>;

/** What only lobbies with a password need. */
export interface PasswordParts {
  readonly makeVerifier: MakeVerifier;
  readonly provePassword: (environment: Environment, password: string, question: PasswordQuestion) => Promise<PasswordProof>;
}

/** Everything that lobbies and matches take from outside. Tests bring loopback transports, a broker double and a clock of their own. */
export interface Environment {
  readonly page: Page;
  /** A key pair for one visit to a lobby. */
  createCrypto(): Promise<VisitCrypto>;
  readonly startTicker: StartTicker;
  readonly openControlSocket: OpenControlSocket;
  /** Called when a lobby is entered, while the broker is asked: what is large is loaded then and not before. */
  loadRoomParts(): Promise<RoomParts>;
  /** Called when a lobby has a password. */
  loadPasswordParts(): Promise<PasswordParts>;
}
