import { ColliderDesc, init, RigidBodyDesc, version, World } from "@dimforge/rapier2d-deterministic-compat";
import { axis, button, defineGame, snapshotState, type AxisField, type ButtonField, type Game } from "../src/core/index.ts";

await init();

export interface ArenaState {
  readonly world: World;
  /** The body of each player. Handles are part of the snapshot, and the same in every world that was made alike. */
  readonly bodies: readonly number[];
  /** What is the game's own: kicks of each player. */
  readonly kicks: Uint32Array;
}

// An alias and not an interface: only an alias is a record of fields.
export type ArenaInput = { readonly dx: AxisField; readonly dy: AxisField; readonly kick: ButtonField };

const HALF_SIZE = 10;
const CRATES = 12;

/** The game's own numbers, then the world. */
export function saveArena({ world, kicks }: ArenaState): Uint8Array {
  const snapshot = world.takeSnapshot();
  const bytes = new Uint8Array(kicks.byteLength + snapshot.length);
  bytes.set(new Uint8Array(kicks.buffer));
  bytes.set(snapshot, kicks.byteLength);
  return bytes;
}

/** A world lives in the engine's memory: the old one is given back once the new one is there. */
export function loadArena(bytes: Uint8Array, live: ArenaState): ArenaState | undefined {
  const { kicks } = live;
  if (bytes.length < kicks.byteLength) return undefined;
  const world: World | null = World.restoreSnapshot(bytes.subarray(kicks.byteLength));
  if (world === null) return undefined;
  live.world.free();
  new Uint8Array(kicks.buffer).set(bytes.subarray(0, kicks.byteLength));
  return { ...live, world };
}

/** Discs that push crates about in a box, by Rapier. */
export const arenaGame: Game<ArenaState, ArenaInput> = defineGame<ArenaState, ArenaInput>({
  id: "arena",
  version: 1,
  frameRateHz: 60,
  players: [2, 4],
  input: { dx: axis(), dy: axis(), kick: button() },
  state: snapshotState<ArenaState>({ save: saveArena, load: loadArena }),
  content: `rapier ${version()}`,
  init: ({ playerCount, random }) => {
    const world = new World({ x: 0, y: 0 });
    world.timestep = 1 / 60;
    for (const side of [-1, 1]) {
      world.createCollider(ColliderDesc.cuboid(1, HALF_SIZE).setTranslation(side * HALF_SIZE, 0));
      world.createCollider(ColliderDesc.cuboid(HALF_SIZE, 1).setTranslation(0, side * HALF_SIZE));
    }
    const bodies = Array.from({ length: playerCount }, (_, index) => {
      const body = world.createRigidBody(
        RigidBodyDesc.dynamic()
          .setTranslation(index * 3 - 4, -5)
          .setLinearDamping(0.5),
      );
      world.createCollider(ColliderDesc.ball(0.6).setRestitution(0.8), body);
      return body.handle;
    });
    for (let index = 0; index < CRATES; index++) {
      const at = RigidBodyDesc.dynamic().setTranslation((index % 4) * 2 - 3, (index >> 2) * 2 - 1);
      const body = world.createRigidBody(at.setRotation(random.float()).setAngularDamping(0.2));
      world.createCollider(ColliderDesc.cuboid(0.5, 0.7), body);
    }
    return { world, bodies, kicks: new Uint32Array(playerCount) };
  },
  step: ({ world, bodies, kicks }, inputs) => {
    for (const [index, handle] of bodies.entries()) {
      const input = inputs[index];
      if (input === undefined) continue;
      const strength = input.kick ? 0.9 : 0.3;
      if (input.kick) kicks[index] = (kicks[index] ?? 0) + 1;
      world.getRigidBody(handle).applyImpulse({ x: input.dx * strength, y: input.dy * strength }, true);
    }
    world.step();
  },
});
