import { axis, button, defineGame } from "@rollcall/netcode";

/** Two seconds long, and its bot changes its mind often: for tests of peers without a page. */
export const sprint = defineGame({
  id: "sprint",
  version: 1,
  frameRateHz: 60,
  players: [2, 8],
  input: { dx: axis(), jump: button() },
  init: ({ playerCount, settings }) => ({
    places: Array.from({ length: playerCount }, () => 0),
    frames: 0,
    framesMax: typeof settings === "number" ? settings : 120,
  }),
  step: (state, inputs) => {
    state.frames++;
    for (const [index, input] of inputs.entries())
      state.places[index] = (state.places[index] ?? 0) + Math.round(input.dx * 15) + (input.jump ? 1 : 0);
  },
  bot: (_state, _playerIndex, { random }) => ({ dx: random.integer(31) / 15 - 1, jump: random.chance(0.5) }),
  result: ({ frames, framesMax, places }) => (frames >= framesMax ? places.slice() : undefined),
});
