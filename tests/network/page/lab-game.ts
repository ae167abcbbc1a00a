import { defineGame, integer } from "@rollcall/netcode";

/** Everybody walks at random; the state tells whether all saw the same. */
export const labGame = defineGame({
  id: "network-lab",
  version: 1,
  frameRateHz: 60,
  players: [2, 8],
  input: { step: integer(-7, 7) },
  init: ({ playerCount }) => ({ places: Array.from({ length: playerCount }, () => 0), luck: 0 }),
  step: (state, inputs, { random }) => {
    for (const [index, { step }] of inputs.entries()) state.places[index] = (state.places[index] ?? 0) + step;
    state.luck = random.integer(1_000);
  },
  bot: (_state, _playerIndex, { random }) => ({ step: random.integer(15) - 7 }),
});
