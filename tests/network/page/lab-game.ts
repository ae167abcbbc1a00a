import { defineGame, f64, integer, message, u32, type Lobby, type Match } from "@rollcall/netcode";

const messages = {
  /** As a game sends its cursors: useless when late. */
  fresh: message({ sentMs: f64() }, { delivery: "unreliable", rateHz: 60 }),
  kept: message({ number: u32() }, { delivery: "reliable", rateHz: 20 }),
};

/** Everybody walks at random; the state tells whether all saw the same. */
export const labGame = defineGame({
  id: "network-lab",
  version: 1,
  frameRateHz: 60,
  players: [2, 8],
  input: { step: integer(-7, 7) },
  messages,
  init: ({ playerCount }) => ({ places: Array.from({ length: playerCount }, () => 0), luck: 0 }),
  step: (state, inputs, { random }) => {
    for (const [index, { step }] of inputs.entries()) state.places[index] = (state.places[index] ?? 0) + step;
    state.luck = random.integer(1_000);
  },
  bot: (_state, _playerIndex, { random }) => ({ step: random.integer(15) - 7 }),
});

export type LabLobby = Lobby<ReturnType<typeof labGame.init>, typeof labGame.input, typeof messages>;
export type LabMatch = Match<ReturnType<typeof labGame.init>, typeof labGame.input>;
