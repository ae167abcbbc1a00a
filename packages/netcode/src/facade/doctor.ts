/** What `@rollcall/netcode/doctor` exports: loaded when somebody wants to know why there is no connection. */
import { browserProbes } from "../adapters/diagnosis-probes.ts";
import type { GameIdentity, IceServer } from "../core/ports/lobby-protocol.ts";
import { parseBrokerAddress, type BrokerAddress } from "./broker-address.ts";
import { browserEnvironment } from "./browser-environment.ts";
import { deviceOf } from "./device-identity.ts";
import { LobbyVisit } from "./lobby-visit.ts";
import { LobbyConnection } from "./lobby-connection.ts";
import { NetcodeError } from "./netcode-error.ts";
import { runDiagnosis, type Diagnosis, type DiagnosisStep } from "./run-diagnosis.ts";
import { ROOM_TICK_MS } from "./facade-times.ts";
import type { LobbyFinding } from "../core/ports/diagnosis.ts";

export { CHECK_IDS } from "../core/ports/diagnosis.ts";
export type { CheckDetails, CheckId, CheckStatus, DiagnosisLine, ReachLevel, Verdict } from "../core/ports/diagnosis.ts";
export type { Diagnosis, DiagnosisStep } from "./run-diagnosis.ts";

/** For `diagnose`. */
export interface DiagnoseOptions {
  /** As for `hostLobby`. */
  readonly broker?: string | URL;
  /** In place of those that the lobby server names. */
  readonly iceServers?: readonly RTCIceServer[];
  /** What the lobby that is opened for the check is of; default: of nobody's game. */
  readonly game?: GameIdentity;
  /** Stops the check: it resolves at once, and frees everything. */
  readonly signal?: AbortSignal;
  /** Called when a check begins, and when it has ended. Checks of TURN run side by side. */
  readonly onStep?: (step: DiagnosisStep) => void;
  /** Writes addresses as they are; default: their first half. */
  readonly includeAddresses?: boolean;
}

/** A game that nobody has. */
const DOCTORS_GAME: GameIdentity = { id: "rollcall-doctor", version: 1, contentHash: "00000000" };

/**
 * Finds out whether this page can play with others, and what is in the way. Takes at most 20 s, never rejects, leaves nothing behind.
 *
 * ```ts
 * const { verdict, lines, report } = await diagnose({ onStep: ({ id, state }) => show(id, state) });
 * ```
 */
export function diagnose(options: DiagnoseOptions = {}): Promise<Diagnosis> {
  const { iceServers, includeAddresses = false, onStep = (): void => {}, signal = new AbortController().signal } = options;
  const broker = addressOf(options.broker);
  const game = options.game ?? DOCTORS_GAME;
  const probes = { ...browserProbes, enterLobby: (stop: AbortSignal): Promise<LobbyFinding> => enterLobby(broker, game, stop) };
  return runDiagnosis(probes, { broker, iceServers: iceServers?.map(readIceServer), signal, onStep, includeAddresses });
}

function addressOf(broker: string | URL | undefined): BrokerAddress | undefined {
  try {
    return parseBrokerAddress(broker, browserEnvironment.page.origin);
  } catch {
    return undefined;
  }
}

/** Hosts a lobby for one, so that nobody can come in, and leaves it again. */
async function enterLobby(broker: BrokerAddress | undefined, game: GameIdentity, signal: AbortSignal): Promise<LobbyFinding> {
  if (broker === undefined) return { outcome: "refused", code: "BAD_ARGUMENT" };
  const { page, startTicker, openControlSocket } = browserEnvironment;
  let connection: LobbyConnection | undefined;
  const ticker = startTicker(ROOM_TICK_MS, (nowMs) => connection?.tick(nowMs));
  const startMs = ticker.nowMs();
  const leave = (): void => connection?.leave();
  signal.addEventListener("abort", leave);
  try {
    const profile = { name: "Check", colour: 0, choices: null };
    const { key } = await LobbyVisit.begin(await browserEnvironment.createCrypto(), undefined);
    connection = new LobbyConnection({
      nowMs: () => ticker.nowMs(),
      openControlSocket,
      lobbyUrl: broker.lobbyUrl,
      game: { id: game.id, version: game.version, contentHash: game.contentHash },
      entrance: { type: "create", game, profile, capacity: 1, settings: null, metadata: null },
      keys: { entranceId: page.randomToken(), device: deviceOf(page), key },
      seed: page.randomSeed(),
    });
    if (signal.aborted) leave();
    const { iceServers } = await connection.admitted;
    return { outcome: "admitted", elapsedMs: ticker.nowMs() - startMs, iceServers };
  } catch (error) {
    return { outcome: "refused", code: error instanceof NetcodeError ? error.code : "BROKER_UNREACHABLE" };
  } finally {
    signal.removeEventListener("abort", leave);
    leave();
    ticker.dispose();
  }
}

function readIceServer({ urls, username, credential }: RTCIceServer): IceServer {
  return {
    urls: typeof urls === "string" ? [urls] : [...urls],
    ...(username === undefined ? {} : { username }),
    ...(credential === undefined ? {} : { credential }),
  };
}
