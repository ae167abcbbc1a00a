import { axis, button, defineGame } from "@rollcall/netcode";

export const game = defineGame({
  id: "tag",
  version: 1, // raise it when old and new pages must not meet
  frameRateHz: 60,
  players: [2, 8],
  input: { dx: axis(), dy: axis(), dash: button() },
  init: ({ playerCount, random }) => ({
    discs: Array.from({ length: playerCount }, () => ({ x: random.integer(640), y: random.integer(400), dashing: 0 })),
  }),
  step: (state, inputs, { emit }) => {
    for (const [index, disc] of state.discs.entries()) {
      const { dx, dy, dash } = inputs[index]!;
      if (dash && disc.dashing === 0) {
        disc.dashing = 30;
        emit("dash", { index });
      }
      const speed = disc.dashing > 20 ? 12 : 4;
      disc.dashing = Math.max(0, disc.dashing - 1);
      disc.x += dx * speed;
      disc.y += dy * speed;
    }
  },
});
