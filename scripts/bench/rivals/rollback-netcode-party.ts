import { checksumWords } from "../../../packages/netcode/src/core/base/checksum.ts";
import { placeThings, stepArena, THINGS, type Arena } from "./arena.ts";
import { FRAME_MS, type BenchPeer } from "./bench-peer.ts";
import type { Party } from "./party.ts";

const KEEPALIVE_MS = 5_000;
const IDS = ["peer-0", "peer-1"];

// What is used of the package, by its published types.
interface Session {
  readonly currentTick: number;
  readonly state: number;
  createRoom(): Promise<string>;
  joinRoom(roomId: string, hostPeerId: string): Promise<void>;
  start(): void;
  tick(input: Uint8Array): unknown;
  on(event: "desync", handle: (tick: number) => void): void;
}
interface Package {
  readonly createSession: (options: { game: object; transport: object }) => Session;
  readonly SessionState: { readonly Playing: number };
}

/** A session with its defaults over a transport of the bench, whose two channels are those of the package's own WebRTC transport. */
export async function rollbackNetcodeParty(): Promise<Party> {
  const { createSession, SessionState } = (await import(
    new URL("node_modules/rollback-netcode/dist/index.js", import.meta.url).href
  )) as Package;
  const sessions: { peer: BenchPeer; session: Session }[] = [];
  return {
    prepare: async (host, guest, pass) => {
      const transports = [host, guest].map((peer, index) => transportOf(peer, IDS[index] ?? "", IDS[1 - index] ?? ""));
      for (const peer of [host, guest]) {
        peer.run(() => {
          const session = createSession({ game: arenaGame(peer), transport: transports[peer.index]! });
          session.on("desync", (tick) => {
            peer.figures.error ??= `the states differ at frame ${tick}`;
          });
          sessions.push({ peer, session });
        });
      }
      const room = await sessions[0]!.session.createRoom();
      for (const transport of transports) transport.open();
      await sessions[1]!.session.joinRoom(room, IDS[0] ?? "");
      await pass(1_000);
    },
    start: () => {
      const [host] = sessions;
      host?.peer.run(() => host.session.start());
      for (const { peer, session } of sessions) {
        const input = new Uint8Array(1);
        const turn = (): void => {
          // The guest begins once the host's start reaches it.
          if (session.state !== SessionState.Playing) return;
          peer.turn(
            () => session.currentTick,
            () => {
              input[0] = peer.inputAt(session.currentTick);
              session.tick(input);
            },
          );
        };
        peer.startTimer(turn, peer.index * 5, FRAME_MS);
      }
    },
  };
}

/** The game of the bench with the fastest serialiser that there is for it: one copy. */
function arenaGame(peer: BenchPeer): object {
  const words = new Int32Array(4 * THINGS);
  const bytes = new Uint8Array(words.buffer);
  const fields = [0, 1, 2, 3].map((index) => words.subarray(index * THINGS, (index + 1) * THINGS));
  const arena: Arena = { x: fields[0]!, y: fields[1]!, vx: fields[2]!, vy: fields[3]! };
  placeThings(arena);
  return {
    serialize: () => bytes.slice(),
    deserialize: (data: Uint8Array) => bytes.set(data),
    hash: () => checksumWords(words),
    step: (inputs: ReadonlyMap<string, Uint8Array>) => {
      peer.figures.steps++;
      stepArena(arena, inputs.get(IDS[0] ?? "")?.[0] ?? 0, inputs.get(IDS[1] ?? "")?.[0] ?? 0);
    },
  };
}

class Transport {
  readonly localPeerId: string;
  readonly connectedPeers = new Set<string>();
  onMessage: ((peerId: string, message: Uint8Array) => void) | null = null;
  onConnect: ((peerId: string) => void) | null = null;
  onDisconnect: ((peerId: string) => void) | null = null;
  onKeepalivePing: ((peerId: string) => void) | null = null;
  readonly #peer: BenchPeer;
  readonly #remoteId: string;

  constructor(peer: BenchPeer, localPeerId: string, remoteId: string) {
    this.localPeerId = localPeerId;
    this.#peer = peer;
    this.#remoteId = remoteId;
    peer.receive = (_channel, bytes) => peer.run(() => this.onMessage?.(remoteId, bytes));
  }

  /** The connection is there, and is kept alive as the package's own transport does. */
  open(): void {
    this.connectedPeers.add(this.#remoteId);
    this.#peer.run(() => this.onConnect?.(this.#remoteId));
    this.#peer.startTimer(() => this.#peer.run(() => this.onKeepalivePing?.(this.#remoteId)), KEEPALIVE_MS, KEEPALIVE_MS);
  }

  async connect(): Promise<void> {}

  disconnect(): void {}

  disconnectAll(): void {}

  send(_peerId: string, message: Uint8Array, isReliable: boolean): void {
    this.#peer.send(isReliable ? "reliable" : "unreliable", message);
  }

  broadcast(message: Uint8Array, isReliable: boolean): void {
    this.#peer.send(isReliable ? "reliable" : "unreliable", message);
  }
}

function transportOf(peer: BenchPeer, localId: string, remoteId: string): Transport {
  return new Transport(peer, localId, remoteId);
}
