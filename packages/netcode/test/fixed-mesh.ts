import type { EmitEvent, Simulation } from "../src/core/ports/simulation.ts";
import { RollbackSession } from "../src/core/rollback/rollback-session.ts";
import { testPeerId } from "./test-match.ts";

/** A simulation that costs next to nothing and allocates nothing, so that what is measured is the session. */
export class IdleSimulation implements Simulation {
  readonly frameRateHz = 60;
  readonly playerCount: number;
  readonly inputBytes = 1;
  steps = 0;
  #sum = 1;
  #saved: Int32Array = new Int32Array(0);

  constructor(playerCount: number) {
    this.playerCount = playerCount;
  }

  step(_frame: number, inputs: Uint8Array, _bots: Uint8Array, _emit: EmitEvent): void {
    this.steps++;
    for (let index = 0; index < inputs.length; index++) this.#sum = (Math.imul(this.#sum, 31) + (inputs[index] ?? 0)) & 0x3fff_ffff;
  }

  reserveSlots(slotCount: number): void {
    this.#saved = new Int32Array(slotCount);
  }

  save(slot: number): void {
    this.#saved[slot] = this.#sum;
  }

  load(slot: number): void {
    this.#sum = this.#saved[slot] ?? 0;
  }

  checksum(): number {
    return this.#sum;
  }

  serialize(): Uint8Array {
    return new Uint8Array(Int32Array.of(this.#sum).buffer);
  }

  deserialize(bytes: Uint8Array): boolean {
    if (bytes.length !== 4) return false;
    this.#sum = new Int32Array(bytes.slice().buffer)[0] ?? 0;
    return true;
  }

  readonly partCount = 1;

  partName(): string {
    return "sum";
  }

  partChecksums(into: Uint32Array, offset: number): void {
    into[offset] = this.#sum;
  }

  readonly hashesSlots = true;

  hashSlot(slot: number, into: Uint32Array, offset: number): number {
    const sum = this.#saved[slot] ?? 0;
    into[offset] = sum;
    return sum;
  }

  inspectLive(): unknown {
    return { sum: this.#sum };
  }

  result(): undefined {
    return undefined;
  }
}

/** A buffer with its views of every length, made once: a network that allocates nothing either. */
class Parcel {
  readonly #buffer = new Uint8Array(1150);
  readonly #views: (Uint8Array | undefined)[] = Array.from({ length: 1151 }, () => undefined);
  size = 0;

  put(bytes: Uint8Array): void {
    this.#buffer.set(bytes);
    this.size = bytes.length;
  }

  view(): Uint8Array {
    return (this.#views[this.size] ??= this.#buffer.subarray(0, this.size));
  }
}

export interface FixedMeshOptions {
  readonly peerCount: number;
  /** Whole frames from sending to arrival. */
  readonly oneWayFrames: number;
  /** The input of `player` in `frame`: one byte. */
  readonly input: (player: number, frame: number) => number;
}

/** Peers that advance together, over links that take some whole frames: for measuring what one frame of a session costs. */
export class FixedMesh {
  readonly sessions: readonly RollbackSession[];
  readonly simulations: readonly IdleSimulation[];
  readonly payloadBytes: number[] = [];
  #frame = 0;
  readonly #options: FixedMeshOptions;
  readonly #ids;
  readonly #row = new Uint8Array(1);
  /** By arrival frame, sender and receiver. */
  readonly #parcels: readonly Parcel[][][];

  constructor(options: FixedMeshOptions) {
    const { peerCount, oneWayFrames } = options;
    this.#options = options;
    const ids = Array.from({ length: peerCount }, (_, index) => testPeerId(`peer-${index}`));
    this.#ids = ids;
    this.simulations = ids.map(() => new IdleSimulation(peerCount));
    this.sessions = this.simulations.map((simulation, index) => {
      const localPeerId = ids[index] ?? testPeerId("nobody");
      return new RollbackSession(0, {
        localPeerId,
        hostId: localPeerId,
        matchEpoch: 1,
        players: ids.map((peerId) => ({ peerId })),
        simulation,
      });
    });
    this.#parcels = Array.from({ length: oneWayFrames + 1 }, () => ids.map(() => ids.map(() => new Parcel())));
  }

  /** One frame everywhere. `keepSizes`: collect the payloads' sizes. */
  frame(keepSizes = false): void {
    const nowMs = (this.#frame * 1000) / 60;
    const arriving = this.#parcels[this.#frame % this.#parcels.length] ?? [];
    const leaving = this.#parcels[(this.#frame + this.#options.oneWayFrames) % this.#parcels.length] ?? [];
    for (let to = 0; to < this.sessions.length; to++) {
      const session = this.sessions[to];
      for (let from = 0; from < this.sessions.length; from++) {
        const parcel = arriving[from]?.[to];
        const sender = this.#ids[from];
        if (parcel === undefined || sender === undefined || parcel.size === 0) continue;
        session?.handlePacket(nowMs, sender, parcel.view());
        parcel.size = 0;
      }
    }
    for (let from = 0; from < this.sessions.length; from++) {
      const session = this.sessions[from];
      if (session === undefined) continue;
      this.#row[0] = this.#options.input(from, this.#frame);
      session.advanceFrame(nowMs, this.#row, Number.POSITIVE_INFINITY);
      for (let transmit = session.pollTransmit(); transmit !== undefined; transmit = session.pollTransmit()) {
        leaving[from]?.[this.#ids.indexOf(transmit.to)]?.put(transmit.bytes);
        if (keepSizes) this.payloadBytes.push(transmit.bytes.length);
      }
      while (session.pollEvent() !== undefined);
    }
    this.#frame++;
  }
}
