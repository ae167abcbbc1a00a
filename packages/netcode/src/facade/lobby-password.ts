/** Loaded when a lobby has a password. */
import type { ControlSocket } from "../adapters/websocket.ts";
import { createPasswordHashing, proofOf, verifierOf } from "../adapters/password-crypto.ts";
import { parseChallengeMessage } from "../core/ports/challenge-message.ts";
import { LOBBY_PROTOCOL_VERSION } from "../core/ports/lobby-protocol.ts";
import type { GameIdentity, MemberMessage, PasswordChallenge, PasswordProof, PasswordVerifier } from "../core/ports/lobby-protocol.ts";
import { ADMISSION_TIMEOUT_MS, SOCKET_OPEN_TIMEOUT_MS } from "../core/lobby/member-times.ts";
import { Deferred } from "./deferred.ts";
import type { Environment } from "./environment.ts";
import { errorOfFailure, NetcodeError } from "./netcode-error.ts";
import { ROOM_TICK_MS } from "./facade-times.ts";

/** Until a broker that cannot answer now is asked again, where it does not say. */
const RETRY_MS = 1_000;

export interface PasswordQuestion {
  readonly lobbyUrl: string;
  readonly game: GameIdentity;
  readonly code: string;
  /** The public key of the page. */
  readonly key: string;
  readonly signal: AbortSignal | undefined;
}

/** What the broker keeps in place of `password`. */
export async function makeVerifier(password: string): Promise<PasswordVerifier> {
  return verifierOf(await createPasswordHashing(), password);
}

/** Asks the broker what to prove, and proves it. Rejects with a `NetcodeError`. */
export async function provePassword(environment: Environment, password: string, question: PasswordQuestion): Promise<PasswordProof> {
  const [hashing, challenge] = await Promise.all([createPasswordHashing(), askForChallenge(environment, question)]);
  return proofOf(hashing, password, { challenge, code: question.code, key: question.key });
}

/** One question on a socket of its own: the answer is good on any other. What passes by itself is waited for, as with a join. */
async function askForChallenge(
  environment: Environment,
  { lobbyUrl, game, code, key, signal }: PasswordQuestion,
): Promise<PasswordChallenge> {
  const answer = new Deferred<PasswordChallenge>();
  const fail = (): void => answer.reject(new NetcodeError("BROKER_UNREACHABLE"));
  const abort = (): void => answer.reject(new NetcodeError("CLOSED", { message: "Joining was aborted." }));
  let request = 0;
  let askAtMs = Infinity;
  const ask = (): void => {
    askAtMs = Infinity;
    const message: MemberMessage = { request: ++request, command: { type: "challenge", protocol: LOBBY_PROTOCOL_VERSION, code, key } };
    socket?.send(JSON.stringify(message));
  };
  const ticker = environment.startTicker(ROOM_TICK_MS, (nowMs) => {
    if (nowMs >= deadlineMs) fail();
    else if (nowMs >= askAtMs) ask();
  });
  const deadlineMs = ticker.nowMs() + SOCKET_OPEN_TIMEOUT_MS + ADMISSION_TIMEOUT_MS;
  signal?.addEventListener("abort", abort);
  let socket: ControlSocket | undefined;
  try {
    socket = environment.openControlSocket(lobbyUrl, {
      handleOpen: ask,
      handleFrame: (text) => {
        const parsed = parseChallengeMessage(text);
        if (!parsed.ok) return;
        if (parsed.value.ok) answer.resolve(parsed.value.result);
        else if (parsed.value.error.code === "RETRY") askAtMs = ticker.nowMs() + (parsed.value.error.retryAfterMs ?? RETRY_MS);
        else answer.reject(errorOfFailure(parsed.value.error, game));
      },
      handleClose: fail,
    });
    return await answer.promise;
  } catch (error) {
    throw error instanceof NetcodeError ? error : new NetcodeError("BROKER_UNREACHABLE", { cause: error });
  } finally {
    signal?.removeEventListener("abort", abort);
    ticker.dispose();
    socket?.close();
  }
}
