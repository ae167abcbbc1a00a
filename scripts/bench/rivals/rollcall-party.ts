import {
  defineGame,
  GameSimulation,
  i32,
  integer,
  parsePeerId,
  RollbackSession,
  typedArrayState,
  plainState,
  type StateCodec,
} from "@rollcall/netcode/core";
import { placeThings, plainArena, stepArena, THINGS, type Arena } from "./arena.ts";
import { FRAME_MS, type BenchPeer } from "./bench-peer.ts";
import type { Party } from "./party.ts";

const MATCH = {
  seed: 1,
  players: ["Ada", "Bob"].map((name, colour) => ({ profile: { name, colour, choices: null }, bot: false })),
  settings: null,
};
const IDS = ["peer-0", "peer-1"].map((text) => {
  const id = parsePeerId(text);
  if (id === undefined) throw new Error(`expected: a peer id, got ${text}`);
  return id;
});

interface Player {
  readonly peer: BenchPeer;
  readonly session: RollbackSession;
  frame: number;
}

/** Rollcall's own sessions, over the same network. Input delay 0, since the others have none; all else as it comes. */
export function rollcallParty(kind: "plain" | "typed"): Party {
  let players: readonly Player[] = [];
  return {
    prepare: async (host, guest) => {
      players = [host, guest].map((peer, index) => join(peer, index, kind));
    },
    start: () => {
      for (const player of players) loop(player, player.peer.index * 5);
    },
  };
}

function join(peer: BenchPeer, index: number, kind: "plain" | "typed"): Player {
  const simulation = kind === "plain" ? plainSimulation(peer) : typedSimulation(peer);
  const [hostId, guestId] = IDS;
  const [localPeerId, remotePeerId] = index === 0 ? [hostId!, guestId!] : [guestId!, hostId!];
  const session = new RollbackSession(peer.localMs, {
    localPeerId,
    players: IDS.map((peerId) => ({ peerId })),
    hostId: hostId!,
    matchEpoch: 7,
    simulation,
    inputDelayFrames: 0,
  });
  const player: Player = { peer, session, frame: 0 };
  peer.receive = (_channel, bytes) =>
    peer.run(() => {
      session.handlePacket(peer.localMs, remotePeerId, bytes);
      drain(player);
    });
  return player;
}

/** As the driver does: a frame each 1/60 s of the clock that the session asks for. */
function loop(player: Player, afterMs: number): void {
  const { peer, session } = player;
  const input = new Uint8Array(1);
  let paceRatio = 1;
  const turn = (): void => {
    peer.turn(
      () => player.frame,
      () => {
        input[0] = peer.inputAt(player.frame);
        const result = session.advanceFrame(peer.localMs, input, Number.POSITIVE_INFINITY);
        if (result.outcome === "advanced") player.frame++;
        ({ paceRatio } = result);
        if (peer.localMs >= session.pollTimeoutMs()) session.handleTimeout(peer.localMs);
        drain(player);
      },
    );
    peer.startTimer(turn, FRAME_MS / paceRatio, 0);
  };
  peer.startTimer(turn, afterMs, 0);
}

function drain({ peer, session }: Player): void {
  for (let transmit = session.pollTransmit(); transmit !== undefined; transmit = session.pollTransmit()) {
    peer.send(transmit.channel === "unreliable" ? "unreliable" : "reliable", transmit.bytes);
  }
  for (let event = session.pollEvent(); event !== undefined; event = session.pollEvent()) {
    if (event.type === "desync") throw new Error(`the states differ at frame ${event.frame}`);
  }
}

function plainSimulation(peer: BenchPeer): ReturnType<typeof simulationOf> {
  return simulationOf(peer, plainState<Arena>(), plainArena);
}

function typedSimulation(peer: BenchPeer): ReturnType<typeof simulationOf> {
  const memory = typedArrayState({ x: i32(THINGS), y: i32(THINGS), vx: i32(THINGS), vy: i32(THINGS) });
  return simulationOf(peer, memory, () => {
    const state = memory.create();
    placeThings(state);
    return state;
  });
}

function simulationOf(peer: BenchPeer, state: StateCodec<Arena>, init: () => Arena) {
  const game = defineGame({
    id: "bench-arena",
    version: 1,
    frameRateHz: 60,
    players: [2, 2],
    input: { keys: integer(0, 31) },
    state,
    init,
    step: (arena, [first, second]) => {
      peer.figures.steps++;
      stepArena(arena, first?.keys ?? 0, second?.keys ?? 0);
    },
  });
  return new GameSimulation(game, MATCH);
}
