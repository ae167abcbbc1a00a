import { expect, test } from "vitest";
import { LogLines } from "./log-lines.ts";
import { createPinoLog } from "./pino-log.ts";

test("[OP63] a line of the log that cannot be written, whole or in part, ends nothing, and how many there were is told with the next one that can", () => {
  let room = Infinity;
  let disk = "";
  const lines = new LogLines((bytes) => {
    if (room === 0) throw Object.assign(new Error("no space left on device"), { code: "ENOSPC" });
    const written = bytes.subarray(0, room);
    room -= written.length;
    disk += written.toString();
    return written.length;
  });
  const log = createPinoLog("info", lines);
  log({ event: "stopped", exitCode: 1 });
  room = 20;
  for (let index = 0; index < 3; index++) log({ event: "stopped", exitCode: 2 });
  room = Infinity;
  log({ event: "stopped", exitCode: 3 });
  log({ event: "stopped", exitCode: 4 });
  const [first = "", torn = "", ...others] = disk.trim().split("\n");
  expect(JSON.parse(first)).toMatchObject({ event: "stopped", exitCode: 1 });
  expect(torn).toHaveLength(20);
  expect(others.map((line) => JSON.parse(line) as unknown)).toMatchObject([
    { event: "stopped", exitCode: 3 },
    { event: "lines-lost", level: "warn", lines: 3 },
    { event: "stopped", exitCode: 4 },
  ]);
});
