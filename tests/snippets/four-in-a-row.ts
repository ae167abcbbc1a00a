import { defineGame, integer } from "@rollcall/netcode";
import { drop, emptyBoard, FRAME_RATE_HZ, moverOf, TAKE_BACK, takeBack, TURN_FRAMES } from "./four-in-a-row-rules.ts";

export const fourInARow = defineGame({
  id: "four-in-a-row",
  version: 1,
  frameRateHz: FRAME_RATE_HZ, // 30
  players: [2, 2],
  input: { turn: integer(0, 1_023), choice: integer(0, TAKE_BACK) },
  init: ({ players, random, settings }) => {
    // A game to go on with: who began, then the columns. It is the host's word, so that each drop is checked as in `step`.
    const saved = Array.isArray(settings) ? settings.filter((entry) => typeof entry === "number") : [];
    const [first = random.integer(2), ...columns] = saved;
    const board = emptyBoard(first === 1 ? 1 : 0, players);
    for (const column of columns) drop(board, column, -1);
    return board;
  },
  step: (board, inputs, { emit, frame }) => {
    board.frame = frame;
    if (board.winner !== null) return;
    // What was played is still held, and what comes too late was meant for another board: neither has the next number.
    const choices = inputs.map(({ turn, choice }) => (turn === board.turn + 1 ? choice : -1));
    const mover = moverOf(board);
    const choice = choices[mover] ?? -1;
    if (drop(board, choice, frame)) emit("drop", { column: choice });
    else if (choices.every((wish) => wish === TAKE_BACK) && takeBack(board, frame)) emit("taken-back");
    else {
      board.asking = choices.indexOf(TAKE_BACK);
      if (frame - board.turnFrame >= TURN_FRAMES) board.winner = 1 - mover;
    }
  },
  // Plays seats that were nobody's from the start. Of somebody who is away it presses nothing: the clock runs on.
  bot: (board, player, { frame, random }) => {
    const isDue = board.bots[player] === true && frame - board.turnFrame >= FRAME_RATE_HZ;
    return { turn: isDue ? board.turn + 1 : 0, choice: random.integer(7) };
  },
  result: ({ winner }) => (winner === null ? undefined : { winner }),
});
