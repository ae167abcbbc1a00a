import { expect, test } from "vitest";
import { connectionsAllowed } from "./open-files.ts";

test.each([
  ["Max processes 31 31 processes\nMax open files            1024                 524288               files     \n", 960],
  ["Max open files            32                   32                   files     \n", 1],
  ["Max open files            unlimited            unlimited            files     \n", Infinity],
  ["", Infinity],
])("[OP69] of the limits %j as many connections are taken as there are files beside the program's own", (limits, connections) => {
  expect(connectionsAllowed(limits)).toBe(connections);
});
