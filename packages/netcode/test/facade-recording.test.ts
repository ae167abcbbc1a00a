import { expect, test } from "vitest";
import { decodeReplay, encodeReplay, MatchRecorder, verifyReplay } from "../src/core/replay/index.ts";
import { join, openRoom, play, startAll } from "./facade-room.ts";
import { tagGame } from "./tag-game.ts";

const LENGTH_FRAMES = 400;

test("[RE14] a match of a lobby is recorded by who plays and by who watches, and the file proves itself", async () => {
  const room = await openRoom(2, { settings: { length: LENGTH_FRAMES } });
  room.world.latencyMs = 60;
  const matches = await startAll(room);
  play(matches);
  const ended = Promise.all(matches.map((match) => match.ended));
  const recorders = matches.map((match) => new MatchRecorder(match.recordable));
  await room.world.run(2_000);
  const watcher = (await join(room)).watch();
  recorders.push(new MatchRecorder(watcher.recordable));
  const pulling = room.world.runUntil(() => {
    for (const recorder of recorders) recorder.pull();
    return watcher.phase === "ended" && recorders[0]!.frameCount === LENGTH_FRAMES;
  });
  const [result] = await room.world.until(ended);
  await pulling;
  const files = recorders.map((recorder) => encodeReplay(recorder.finish(result)));
  expect(matches.some((match) => match.stats().rollbacks > 0)).toBe(true);
  for (const [index, file] of files.entries()) {
    const decoded = decodeReplay(file);
    if (!decoded.ok) throw new Error(decoded.reason);
    expect(decoded.replay.result).toEqual(result);
    expect(verifyReplay(tagGame, file)).toMatchObject({ ok: true, ...(index < 3 ? { frameCount: LENGTH_FRAMES, result } : {}) });
  }
});
