import { createRequire } from "node:module";
import { plainArena, stepArena, type Arena } from "./arena.ts";
import type { BenchPeer } from "./bench-peer.ts";
import type { Party } from "./party.ts";
import { installPageStubs } from "./virtual-globals.ts";

const KEYS = ["ArrowLeft", "ArrowRight", "ArrowUp", "ArrowDown", " "];

// What is used of the package, by its published types.
interface DefaultInput {
  readonly keysHeld: Readonly<Record<string, boolean>>;
}
interface InputReader {
  readonly keysHeld: Record<string, boolean>;
  keysPressed: Record<string, boolean>;
  keysReleased: Record<string, boolean>;
  getInput(): DefaultInput;
}
interface NetplayPlayer {
  getID(): number;
}
interface Wrapper {
  readonly inputReader: InputReader;
  readonly stats: { style: object };
  readonly rollbackNetcode: { currentFrame(): number; tick(): void; start(): void };
  startHost(players: readonly NetplayPlayer[], connection: Connection): void;
  startClient(players: readonly NetplayPlayer[], connection: Connection): void;
}
interface Netplay {
  readonly Game: new () => object;
  readonly NetplayPlayer: new (id: number, isLocal: boolean, isHost: boolean) => NetplayPlayer;
  readonly RollbackWrapper: new (game: unknown) => Wrapper;
}
interface MessagePack {
  encode(data: unknown): Uint8Array;
  decode(bytes: Uint8Array): unknown;
}
/** The package's `PeerConnection`, as far as its rollback uses it. */
interface Connection {
  readonly dataChannel: { readonly readyState: "open" };
  send(data: unknown): void;
  on(event: "data", handle: (data: unknown) => void): void;
}

/** `RollbackWrapper` of the production build that the package publishes, with the connection that its menu would hand it. */
export async function netplayjsParty(): Promise<Party> {
  installPageStubs();
  const load = createRequire(new URL("package.json", import.meta.url));
  const netplay = load("netplayjs/dist/netplay.min.js") as Netplay;
  const pack = load("msgpack-lite") as MessagePack;
  const wrappers: { peer: BenchPeer; begin: () => void }[] = [];
  return {
    prepare: async (host, guest) => {
      for (const peer of [host, guest]) {
        const connection = connectionOf(peer, pack);
        peer.run(() => {
          const wrapper = new netplay.RollbackWrapper(arenaClass(netplay, peer));
          readScript(wrapper.inputReader, peer);
          const isHost = peer === host;
          const players = [new netplay.NetplayPlayer(0, isHost, true), new netplay.NetplayPlayer(1, !isHost, false)];
          wrappers.push({
            peer,
            begin: () => {
              if (isHost) wrapper.startHost(players, connection);
              else wrapper.startClient(players, connection);
              countTurns(wrapper, peer);
            },
          });
        });
      }
    },
    start: () => {
      for (const { peer, begin } of wrappers) peer.startTimer(() => peer.run(begin), peer.index * 5, 0);
    },
  };
}

/** The game of the bench with the package's own serialiser, which writes what the object holds. */
function arenaClass({ Game }: Netplay, peer: BenchPeer): unknown {
  return class ArenaGame extends Game implements Arena {
    static timestep = 1_000 / 60;
    static canvasSize = { width: 640, height: 480 };
    readonly x: number[];
    readonly y: number[];
    readonly vx: number[];
    readonly vy: number[];

    constructor() {
      super();
      const { x, y, vx, vy } = plainArena();
      [this.x, this.y, this.vx, this.vy] = [x, y, vx, vy].map((list) => Array.from(list)) as [number[], number[], number[], number[]];
    }

    tick(inputs: ReadonlyMap<NetplayPlayer, DefaultInput>): void {
      peer.figures.steps++;
      const bytes = [0, 0];
      for (const [player, { keysHeld }] of inputs) {
        bytes[player.getID()] = KEYS.reduce((byte, key, bit) => (keysHeld[key] === true ? byte | (1 << bit) : byte), 0);
      }
      stepArena(this, bytes[0] ?? 0, bytes[1] ?? 0);
    }

    draw(): void {}
  };
}

function connectionOf(peer: BenchPeer, pack: MessagePack): Connection {
  const handlers: ((data: unknown) => void)[] = [];
  peer.receive = (_channel, bytes) =>
    peer.run(() => {
      const data = pack.decode(bytes);
      for (const handle of handlers) handle(data);
    });
  return {
    dataChannel: { readyState: "open" },
    send: (data) => peer.send("reliable", pack.encode(data)),
    on: (_event, handle) => handlers.push(handle),
  };
}

/** Does at each poll what the listeners of the package's input reader do when keys change. */
function readScript(reader: InputReader, peer: BenchPeer): void {
  const getInput = reader.getInput.bind(reader);
  let frame = 0;
  reader.getInput = () => {
    const byte = peer.inputAt(frame++);
    for (const [bit, key] of KEYS.entries()) {
      const isHeld = ((byte >> bit) & 1) === 1;
      if (isHeld === (reader.keysHeld[key] === true)) continue;
      reader.keysHeld[key] = isHeld;
      if (isHeld) reader.keysPressed[key] = true;
      else reader.keysReleased[key] = true;
    }
    return getInput();
  };
}

/** The package runs one or two ticks in each turn of its interval; each counts as a turn. */
function countTurns({ rollbackNetcode }: Wrapper, peer: BenchPeer): void {
  const tick = rollbackNetcode.tick.bind(rollbackNetcode);
  rollbackNetcode.tick = () => {
    const before = rollbackNetcode.currentFrame();
    tick();
    peer.countTurn(rollbackNetcode.currentFrame() - before);
  };
}
