import { expect, test } from "vitest";
import { join, openMatch } from "./facade-room.ts";

/** Seats to ask for while somebody plays there: who asks is `returning` until the end. */
test.each([
  { name: "who watches", seats: [] },
  { name: "who waits for a seat", seats: [0] },
])("[FO25] $name is told every event of the match from where it came in", async ({ seats }) => {
  const { room, matches } = await openMatch(1, 2_000, { capacity: 4 });
  const told: string[] = [];
  matches[0]?.on("game", ({ id, stage }) => stage === "confirmed" && told.push(id));
  const watched = (await join(room, "Zed")).watch();
  await room.world.runUntil(() => watched.stats().confirmedFrame > 60);
  if (seats.length > 0) watched.takeSeats(seats);
  const heard: string[] = [];
  watched.on("game", ({ id }) => heard.push(id));
  const fromFrame = watched.stats().confirmedFrame;
  await room.world.run(10_000);
  const untilFrame = watched.stats().confirmedFrame;
  const isMeanwhile = (id: string): boolean => Number.parseInt(id, 10) > fromFrame && Number.parseInt(id, 10) <= untilFrame;
  const missed = told.filter((id) => isMeanwhile(id) && !heard.includes(id));
  expect(heard.length + missed.length).toBeGreaterThan(20);
  expect(missed).toEqual([]);
});
