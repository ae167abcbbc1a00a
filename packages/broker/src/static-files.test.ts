import * as fc from "fast-check";
import { expect, test } from "vitest";
import { isHashedName, pathParts } from "./static-files.ts";

test("[OP30] a name with a hash of eight mixed characters or sixteen hexadecimal digits is kept for good; a name that may be a person's is not", () => {
  for (const name of ["index-DkS2bO1f.js", "phaser-B_9xQ-aT.js", "main.8f3c2a1b9d04e6f7.css", "a-0123456789abcdef0123.woff2"]) {
    expect(isHashedName(name)).toBe(true);
  }
  for (const name of [
    "index.html",
    "level-mountain.png",
    "level-MOUNTAIN.png",
    "player-sprite01.png",
    "theme-song2026.ogg",
    "track-20261201.mp3",
    "index-DkS2bO1f",
    "DkS2bO1f.js",
    "a-abcdefabcdefabcd.js",
  ]) {
    expect(isHashedName(name)).toBe(false);
  }
});

test("[OP31] of whatever somebody asks for, no part of a path leads up, is hidden, or is the broker's own", () => {
  fc.assert(
    fc.property(
      fc.oneof(
        fc.string({ unit: "binary" }),
        fc
          .array(
            fc.constantFrom("..", ".", "%2e", "%2E%2e", "/", "%2f", "\\", "%5c", "%00", "lobby", "Metrics", "%6cobby", "a", "%", "?", "//"),
          )
          .map((parts) => `/${parts.join("")}`),
      ),
      (url) => {
        const parts = pathParts(url);
        if (parts === undefined) return;
        for (const part of parts) expect(part).not.toMatch(/^\.|[/\\\0]/);
        expect(parts[0]).not.toMatch(/^(lobby|peerjs|healthz|readyz|metrics|admin)$/i);
      },
    ),
    { numRuns: 500 },
  );
  expect(pathParts("/assets/a%20b.png?x=/../..")).toEqual(["assets", "a b.png"]);
  expect(pathParts("/")).toEqual([""]);
  expect(pathParts("/maps/")).toEqual(["maps", ""]);
});
