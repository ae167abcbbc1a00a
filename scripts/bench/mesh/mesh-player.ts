import { rubberband } from "@rollcall/game-demo/sim";
import { botInput, type Lobby, type Match } from "@rollcall/netcode";

export const MESH_PEERS = 8;

/** Frames that everybody must have confirmed before anything is measured: connections are up, clocks have found each other. */
const WARM_UP_FRAMES = 300;

type RubberbandLobby = Lobby<Parameters<NonNullable<typeof rubberband.result>>[0], typeof rubberband.input>;
type RubberbandMatch = Match<Parameters<NonNullable<typeof rubberband.result>>[0], typeof rubberband.input>;

/** What one peer did, over all its matches. */
export interface MeshTotals {
  readonly frames: number;
  readonly datagrams: number;
  readonly bytes: number;
  readonly received: number;
  readonly rollbacks: number;
  readonly resimulated: number;
  readonly stalled: number;
  readonly desyncs: number;
}

const NOTHING: MeshTotals = { frames: 0, datagrams: 0, bytes: 0, received: 0, rollbacks: 0, resimulated: 0, stalled: 0, desyncs: 0 };

/** Plays match after match with the game's own bot; as the host, it starts them once everybody is linked. In Node and in a page alike. */
export class MeshPlayer {
  readonly lobby: RubberbandLobby;
  #match: RubberbandMatch | undefined;
  #before = NOTHING;
  #desyncs = 0;
  #isStarting = false;

  constructor(lobby: RubberbandLobby) {
    this.lobby = lobby;
    lobby.on("match", (match) => this.#play(match));
    lobby.on("change", () => this.#startWhenDue());
  }

  /** Warm: the match has run for a while. */
  get isReady(): boolean {
    return (this.#match?.stats().confirmedFrame ?? 0) >= WARM_UP_FRAMES;
  }

  totals(): MeshTotals {
    return sum(this.#before, this.#current());
  }

  #current(): MeshTotals {
    const stats = this.#match?.stats();
    if (stats === undefined) return { ...NOTHING, desyncs: this.#desyncs };
    return {
      frames: stats.frame,
      datagrams: stats.datagramsSent,
      bytes: stats.datagramBytesSent,
      received: stats.datagramsReceived,
      rollbacks: stats.rollbacks,
      resimulated: stats.resimulatedFrames,
      stalled: stats.stalledFrames,
      desyncs: this.#desyncs,
    };
  }

  #play(match: RubberbandMatch): void {
    this.#before = this.totals();
    this.#desyncs = 0;
    this.#match = match;
    match.on("desync", () => this.#desyncs++);
    match.run({ input: botInput(rubberband, match, match.localPlayers[0] ?? 0) });
  }

  #startWhenDue(): void {
    const { lobby } = this;
    const isLinked = lobby.peers.length === MESH_PEERS - 1 && lobby.peers.every(({ status }) => status === "open");
    if (!lobby.isHost || !isLinked || this.#isStarting || lobby.state.match !== undefined) return;
    this.#isStarting = true;
    void lobby.start().finally(() => (this.#isStarting = false));
  }
}

function sum(left: MeshTotals, right: MeshTotals): MeshTotals {
  return combine(left, right, (a, b) => a + b);
}

export function difference(after: MeshTotals, before: MeshTotals): MeshTotals {
  return combine(after, before, (a, b) => a - b);
}

function combine(left: MeshTotals, right: MeshTotals, by: (a: number, b: number) => number): MeshTotals {
  return {
    frames: by(left.frames, right.frames),
    datagrams: by(left.datagrams, right.datagrams),
    bytes: by(left.bytes, right.bytes),
    received: by(left.received, right.received),
    rollbacks: by(left.rollbacks, right.rollbacks),
    resimulated: by(left.resimulated, right.resimulated),
    stalled: by(left.stalled, right.stalled),
    desyncs: by(left.desyncs, right.desyncs),
  };
}
