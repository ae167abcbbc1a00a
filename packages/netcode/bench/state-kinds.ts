import { ColliderDesc, init, RigidBodyDesc, World } from "@dimforge/rapier2d-deterministic-compat";
import { i32, memoryState, plainState, snapshotState, typedArrayState, type StateCodec, type StateSlots } from "../src/core/index.ts";

/** What one kind of state costs, in microseconds, and its size as it would be sent. */
export interface StateCosts {
  readonly kind: string;
  readonly saveUs: number;
  readonly loadUs: number;
  readonly checksumUs: number;
  readonly sizeBytes: number;
}

const SLOTS = 10;
const ROUNDS = 7;
/** A round is so long: far above the clock's steps, far below a collection of garbage each time. */
const ROUND_MS = 20;
const PAGE_BYTES = 65_536;
const THING_BYTES = 16;

/** Save, load and checksum of so many things with a position and a speed. The checksum is that of a live state that was not saved. */
export async function measureStates(thingCount: number): Promise<StateCosts[]> {
  await init();
  return [plainCosts(thingCount), typedCosts(thingCount), wasmCosts(thingCount), rapierCosts(thingCount)];
}

function plainCosts(thingCount: number): StateCosts {
  const things = Array.from({ length: thingCount }, (_, index) => ({
    x: index * 1_000,
    y: index * 700,
    vx: index % 9,
    vy: (-index % 7) | 0,
  }));
  return costs("plain data", plainState<{ things: typeof things }>(), { things });
}

function typedCosts(thingCount: number): StateCosts {
  const memory = typedArrayState({ x: i32(thingCount), y: i32(thingCount), vx: i32(thingCount), vy: i32(thingCount) });
  const state = memory.create();
  for (let index = 0; index < thingCount; index++) state.x[index] = index * 1_000;
  return costs("typed arrays", memory, state);
}

function wasmCosts(thingCount: number): StateCosts {
  const memory = new WebAssembly.Memory({ initial: Math.ceil((thingCount * THING_BYTES) / PAGE_BYTES) });
  new Int32Array(memory.buffer).fill(1_000);
  const codec = memoryState<WebAssembly.Memory>({ memory: (state) => state, endBytes: () => thingCount * THING_BYTES });
  return costs("WebAssembly memory", codec, memory);
}

/** Discs in a pile, after a second of play. */
function rapierCosts(thingCount: number): StateCosts {
  const world = new World({ x: 0, y: 9.81 });
  world.createCollider(ColliderDesc.cuboid(1_000, 1).setTranslation(0, 20));
  for (let index = 0; index < thingCount; index++) {
    const body = world.createRigidBody(RigidBodyDesc.dynamic().setTranslation((index % 50) * 1.1, -Math.floor(index / 50) * 1.1));
    world.createCollider(ColliderDesc.ball(0.5), body);
  }
  for (let frame = 0; frame < 60; frame++) world.step();
  const codec = snapshotState<World>({
    save: (state) => state.takeSnapshot(),
    load: (bytes, live) => {
      const loaded = World.restoreSnapshot(bytes);
      live.free();
      return loaded;
    },
  });
  return costs("a physics world (Rapier)", codec, world);
}

function costs<State>(kind: string, codec: StateCodec<State>, initial: State): StateCosts {
  const slots = codec.open(SLOTS);
  let state = initial;
  for (let slot = 0; slot < SLOTS; slot++) slots.save(slot, state);
  const hash = checksumOf(slots);
  return {
    kind,
    saveUs: leastUs((count) => slots.save(count % SLOTS, state)),
    loadUs: leastUs((count) => {
      state = slots.load(count % SLOTS, state);
    }),
    checksumUs: leastUs(() => hash(state)),
    sizeBytes: slots.serialize(state).length,
  };
}

/** As a simulation does it: by parts where there are parts. */
function checksumOf<State>(slots: StateSlots<State>): (state: State) => void {
  const { parts } = slots;
  if (parts === undefined) return (state) => slots.checksum(state);
  const hashes = new Uint32Array(parts.partCount);
  return (state) => parts.partChecksums(state, hashes, 0);
}

/** The least of some rounds: what else the machine does can only add. */
function leastUs(work: (count: number) => void): number {
  const times = Array.from({ length: ROUNDS }, () => {
    const startedMs = performance.now();
    let count = 0;
    let elapsedMs = 0;
    while (elapsedMs < ROUND_MS) {
      for (let batch = 0; batch < 8; batch++) work(count++);
      elapsedMs = performance.now() - startedMs;
    }
    return (elapsedMs * 1_000) / count;
  });
  return Math.min(...times);
}
