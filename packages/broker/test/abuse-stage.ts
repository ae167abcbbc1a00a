import { once } from "node:events";
import { readFileSync } from "node:fs";
import { connect, type Socket } from "node:net";
import { LOBBY_ERROR_CODES } from "@rollcall/netcode/lobby-protocol";
import { expect } from "vitest";
import { WebSocket, type ClientOptions } from "ws";
import { IS_DEEP } from "../../../scripts/deep.ts";
import type { BrokerLimits } from "../src/limits.ts";
import { BrokerCommand } from "./broker-command.ts";
import { admission, LobbyClient } from "./lobby-client.ts";
import { SignalingClient } from "./signaling-client.ts";

/** The sockets that a stranger may open: a lobby's, the signaling socket of a lobby of its own, a stock PeerJS client's. */
export const SOCKET_KINDS = ["lobby", "signaling", "stock"] as const;
export type SocketKind = (typeof SOCKET_KINDS)[number];

/** Node takes some tens of megabytes for its heap under any load. A stock server held 240 MB more after one slow reader, 350 MB after four large messages. The deep run leaves thousands of lobbies in 90 s, whose seats are kept as long. */
const RSS_GROWTH_MAX = (IS_DEEP ? 256 : 128) * 1_048_576;

const GUIDE = readFileSync(new URL("../../../docs/guides/operating.md", import.meta.url), "utf8");
const CODES: ReadonlySet<string> = new Set([...LOBBY_ERROR_CODES, "REPLACED", "BANNED", "LOBBY_CLOSED", "LOBBY_IDLE", "SHUTTING_DOWN"]);
const LOGGED: ReadonlySet<string> = new Set(["level", "time", "event", "msg", "address", "version", "sockets", "drainMs", "exitCode"]);

let addresses = 1;
let stockClients = 0;
let greetings = 0;

interface Honest {
  readonly host: LobbyClient;
  readonly guest: LobbyClient;
  readonly hostSignaling: SignalingClient;
  readonly guestSignaling: SignalingClient;
  readonly caller: SignalingClient;
  readonly callee: SignalingClient;
  readonly hostId: string;
  readonly guestId: string;
  readonly code: string;
  /** What nobody may find in the log. */
  readonly secrets: readonly string[];
}

/**
 * One process of the built command, which serves stock clients too, with its usual limits; honest people on it, who stay from the beginning to the end; and strangers, each
 * with an address of its own (Linux has all of 127.0.0.0/8).
 */
export class AbuseStage {
  readonly broker: BrokerCommand;
  readonly honest: Honest;
  readonly rssBytesAtStart: number;

  private constructor(broker: BrokerCommand, honest: Honest) {
    this.broker = broker;
    this.honest = honest;
    this.rssBytesAtStart = broker.rssBytes;
  }

  static async start(args: readonly string[] = [], limits: Partial<BrokerLimits> = {}): Promise<AbuseStage> {
    const broker = await BrokerCommand.start(["--open", ...args], limits);
    const { port } = broker;
    const host = await LobbyClient.open(port, stranger());
    const first = await host.create({ name: "Honest Ada" });
    const guest = await LobbyClient.open(port, stranger());
    const second = admission(await guest.join(first.lobby.code));
    return new AbuseStage(broker, {
      host,
      guest,
      code: first.lobby.code,
      hostId: first.peerId,
      guestId: second.peerId,
      hostSignaling: await SignalingClient.open(port, first.peerId, first.signalingToken),
      guestSignaling: await SignalingClient.open(port, second.peerId, second.signalingToken),
      caller: await SignalingClient.open(port, "caller", "callertoken"),
      callee: await SignalingClient.open(port, "callee", "calleetoken"),
      secrets: [
        "Honest Ada",
        "honest 1",
        "callertoken",
        ...[first, second].flatMap((seat) => [seat.lobby.code, seat.peerId, seat.signalingToken, seat.resumeSecret]),
      ],
    });
  }

  get port(): number {
    return this.broker.port;
  }

  /** A socket of a stranger. */
  async attacker(kind: SocketKind, options: ClientOptions = stranger()): Promise<WebSocket> {
    if (kind === "stock") return (await SignalingClient.openFrom(options, this.port, `stock-${++stockClients}`, "t")).socket;
    const lobby = await LobbyClient.open(this.port, options);
    if (kind === "lobby") return lobby.socket;
    const seat = await lobby.create();
    const { socket } = await SignalingClient.openFrom(options, this.port, seat.peerId, seat.signalingToken);
    // They go together, as a page's do.
    socket.once("close", () => lobby.socket.terminate());
    return socket;
  }

  /** A connection without a word said on it. */
  connection(options: { readonly localAddress: string } = stranger()): Socket {
    const socket = connect({ port: this.port, host: "127.0.0.1", ...options });
    socket.on("error", () => undefined);
    return socket;
  }
}

/** An address that nobody had before. */
export function stranger(): { readonly localAddress: string } {
  addresses++;
  return { localAddress: `127.0.${addresses >> 8}.${addresses & 255}` };
}

/** Honest people are served on the sockets that they had from the start, have heard nothing but each other, and a newcomer finds a working broker. */
export async function expectHonestService(stage: AbuseStage): Promise<void> {
  const { host, guest, hostSignaling, guestSignaling, caller, callee, guestId, code } = stage.honest;
  const greeting = `honest ${++greetings}`;
  expect((await guest.ask({ type: "set-ready", ready: true })).ok).toBe(true);
  expect(await host.change("member-changed")).toMatchObject({ peerId: guestId, ready: true });
  hostSignaling.offer(guestId, greeting);
  caller.offer("callee", greeting);
  for (const hearer of [guestSignaling, callee]) {
    expect(await hearer.signal("OFFER")).toMatchObject({ payload: { sdp: { sdp: greeting } } });
    expect(hearer.signals.splice(0).filter(({ type }) => type !== "OPEN")).toHaveLength(1);
  }
  for (const { signals } of [hostSignaling, caller]) expect(signals).toEqual([{ type: "OPEN" }]);
  for (const { socket } of [host, guest, hostSignaling, guestSignaling, caller, callee]) expect(socket.readyState).toBe(WebSocket.OPEN);
  expect(host.messages.some((message) => "event" in message && message.change.type === "member-disconnected")).toBe(false);
  const newcomer = await LobbyClient.open(stage.port, stranger());
  expect((await newcomer.join(code)).ok).toBe(true);
  expect((await newcomer.ask({ type: "leave" })).ok).toBe(true);
  await newcomer.close();
  expect((await stage.broker.refusals())["broker:failure"]).toBeUndefined();
}

/** What a refusal may be called: as the guide says, or by a code of the protocol. */
function isToldReason(reason: string): boolean {
  const code = /^lobby:([A-Z_]+)$/.exec(reason)?.[1];
  return code === undefined ? GUIDE.includes(`\`${reason}\``) : CODES.has(code);
}

/**
 * The process that was started is the one that is here; it never held much more. It ends then, and all that it ever told the world is known words and numbers: no text of anybody, `others`'
 * among them.
 */
export async function expectUnharmed({ broker, honest, rssBytesAtStart }: AbuseStage, others: readonly string[]): Promise<void> {
  expect(broker.isSameProcess).toBe(true);
  expect(broker.rssBytesMost - rssBytesAtStart).toBeLessThan(RSS_GROWTH_MAX);
  const refusals = await broker.refusals();
  expect(refusals).not.toEqual({});
  expect(Object.keys(refusals).filter((reason) => !isToldReason(reason))).toEqual([]);
  expect(await broker.close()).toBe(0);
  const lines = broker.output.split("\n").filter((line) => line !== "");
  const entries = lines.map((line) => JSON.parse(line) as { readonly event: string; readonly counts?: Readonly<Record<string, number>> });
  // It said what it turned away, so that what it did not say means something.
  expect(new Set(entries.map(({ event }) => event))).toEqual(new Set(["listening", "draining", "refusals", "stopped"]));
  for (const { counts = {}, ...entry } of entries) {
    expect(Object.keys(entry).filter((field) => !LOGGED.has(field))).toEqual([]);
    expect(Object.keys(counts).filter((reason) => !isToldReason(reason))).toEqual([]);
  }
  const told = broker.output + JSON.stringify(refusals);
  expect([...honest.secrets, ...others].filter((text) => told.includes(text))).toEqual([]);
}

/** The code with which it was closed. */
export async function closeOf(socket: WebSocket): Promise<number> {
  if (socket.readyState === WebSocket.CLOSED) return 0;
  const [code] = (await once(socket, "close")) as [number];
  return code;
}

/** Writes bytes past the client's WebSocket: as many frames as one write holds, or broken ones. */
export function writeRaw(socket: WebSocket, bytes: Buffer): Socket {
  const { _socket: raw } = socket as unknown as { readonly _socket: Socket };
  raw.write(bytes);
  return raw;
}
