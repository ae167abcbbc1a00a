import { axis, button, defineGame, startLocalMatch } from "@rollcall/netcode";
import { determinismGuard } from "@rollcall/netcode/determinism";
import { atan2, cos, hypot, sin, sortedBy, sortedKeys } from "@rollcall/netcode/math";

interface Ship {
  readonly id: number;
  x: number;
  y: number;
  heading: number;
  readyAtFrame: number;
}

export const orbit = defineGame({
  id: "orbit",
  version: 1,
  frameRateHz: 60,
  players: [2, 4],
  input: { turn: axis(), fire: button() },
  init: ({ playerCount, random }) => ({
    ships: Array.from({ length: playerCount }, (_, id): Ship => ({ id, x: random.integer(640), y: 200, heading: 0, readyAtFrame: 0 })),
    score: {} as Record<string, number>,
  }),
  step: (state, inputs, { emit, frame, random }) => {
    for (const ship of state.ships) {
      const { turn, fire } = inputs[ship.id]!;
      ship.heading += turn * 0.05;
      ship.x += 3 * cos(ship.heading);
      ship.y += 3 * sin(ship.heading);
      // A frame number in the state is the timer.
      if (fire && frame >= ship.readyAtFrame) {
        ship.readyAtFrame = frame + 30;
        emit("shot", { id: ship.id, spark: random.float() });
        const target = nearest(state.ships, ship);
        if (target !== undefined && hypot(target.x - ship.x, target.y - ship.y) < 200) {
          target.heading = atan2(target.y - ship.y, target.x - ship.x);
          state.score[`ship ${ship.id}`] = (state.score[`ship ${ship.id}`] ?? 0) + 1;
        }
      }
    }
  },
});

/** Two ships may be equally far: then the lower number is nearer, on every peer. */
function nearest(ships: readonly Ship[], self: Ship): Ship | undefined {
  const others = ships.filter(({ id }) => id !== self.id);
  return sortedBy(
    others,
    ({ x, y }) => hypot(x - self.x, y - self.y),
    ({ id }) => id,
  )[0];
}

// In development only: a build for players has nothing of the guard.
export const game = import.meta.env.DEV ? determinismGuard(orbit) : orbit;

export function practise(brush: CanvasRenderingContext2D): void {
  const players = ["Ada", "Ben"].map((name, index) => ({ profile: { name, colour: index, choices: null }, bot: index > 0 }));
  const match = startLocalMatch({ game, players });
  match.run({
    input: () => ({ turn: 0, fire: false }),
    render: ({ state }) => {
      // Drawing reads the state, and writes to things of its own.
      for (const { x, y } of state.ships) brush.fillRect(x, y, 8, 8);
      brush.fillText(sortedKeys(state.score).join(", "), 10, 20);
    },
    on: { shot: () => brush.fillText("*", 10, 40) },
  });
}
