import { GameSimulation, RollbackSession, parsePeerId, type MatchSetup } from "@rollcall/netcode/core";
import { encodeReplay, MatchRecorder, toLinkText, verifyReplay, type Replay } from "@rollcall/netcode/replay";
import { Random } from "@rollcall/netcode/core";
import { expect, test } from "vitest";
import { rubberband } from "../src/sim/index.ts";

const PLAYERS = 8;
const FRAMES = 2400;

/** A person at a keyboard: eight directions, held for 70–400 ms, now and then none, and the button for a tenth of a second each second and a half. */
function keyboard(player: number): () => { direction: number; move: boolean; snap: boolean } {
  const random = new Random(player, "keyboard");
  const input = { direction: 0, move: false, snap: false };
  let held = 0;
  let snapping = 0;
  return () => {
    if (held-- <= 0) {
      held = 4 + random.integer(21);
      input.move = random.chance(0.85);
      if (input.move) input.direction = 4 * random.integer(8);
    }
    if (snapping > 0) snapping--;
    else if (random.chance(1 / 90)) snapping = 6;
    input.snap = snapping > 0;
    return input;
  };
}

/** A person who steers by mouse: the direction drifts, three frames in ten. */
function mouse(player: number): () => { direction: number; move: boolean; snap: boolean } {
  const random = new Random(player, "mouse");
  const input = { direction: 0, move: true, snap: false };
  let snapping = 0;
  return () => {
    if (random.chance(0.3)) input.direction = (input.direction + random.integer(5) + 30) & 31;
    if (snapping > 0) snapping--;
    else if (random.chance(1 / 90)) snapping = 6;
    input.snap = snapping > 0;
    return input;
  };
}

function record(hands: typeof keyboard): Replay {
  const localPeerId = parsePeerId("local");
  if (localPeerId === undefined) throw new Error("a peer id");
  const seats = Array.from({ length: PLAYERS }, (_, index) => ({
    profile: { name: `Player ${index + 1}`, colour: index, choices: null },
    bot: false,
  }));
  const setup: MatchSetup = { seed: 7, players: seats, settings: null };
  const players = seats.map(() => ({ peerId: localPeerId }));
  const simulation = new GameSimulation(rubberband, setup);
  const session = new RollbackSession(0, { localPeerId, players, hostId: localPeerId, matchEpoch: 1, simulation });
  const { id, version, contentHash, frameRateHz, inputBytes } = rubberband;
  const recorder = new MatchRecorder({ source: session, game: { id, version, contentHash, frameRateHz }, setup, players, inputBytes });
  const people = players.map((_, player) => hands(player));
  const row = new Uint8Array(PLAYERS * inputBytes);
  for (let frame = 0; frame < FRAMES; frame++) {
    for (const [player, read] of people.entries()) simulation.packInput(read(), row, player * inputBytes);
    session.advanceFrame(frame * 16, row, Number.POSITIVE_INFINITY);
    while (session.pollEvent() !== undefined);
    recorder.pull();
  }
  return recorder.finish();
}

test("[RE13] 40 s of Rubberband with eight players are at most 4 kB, at keyboards and with mice, and play again", () => {
  const sizes = [keyboard, mouse].map((hands) => {
    const replay = record(hands);
    const bytes = encodeReplay(replay);
    expect(replay.inputs.frameCount).toBeGreaterThan(1800);
    expect(verifyReplay(rubberband, bytes)).toMatchObject({ ok: true });
    expect(toLinkText(bytes).length).toBeLessThan(6000);
    return bytes.length;
  });
  console.info(`replay of 40 s, 8 players: ${sizes.join(" B at keyboards, ")} B with mice`);
  expect(Math.max(...sizes)).toBeLessThanOrEqual(4096);
  expect(sizes[0]).toBeLessThanOrEqual(2500);
});
