import { expect, it } from "vitest";
import { testPeerId } from "../../../test/test-match.ts";
import { LinkOutput } from "./link-output.ts";
import { LinkStanding } from "./link-standing.ts";

function opened(): { standing: LinkStanding; told: () => readonly string[] } {
  const output = new LinkOutput();
  const standing = new LinkStanding(testPeerId("ada"), output);
  standing.connect(0);
  standing.hear(0);
  return { standing, told: () => output.events.map(({ type }) => type) };
}

it("[LK13] silence of 1.0 s is suspect, of 20 s the end; a sign of life takes the first back", () => {
  const { standing, told } = opened();
  standing.check(999);
  expect(told()).toEqual(["link-open"]);
  standing.check(1_000);
  standing.hear(1_500);
  standing.check(2_499);
  expect(told()).toEqual(["link-open", "link-suspect", "link-recovered"]);
  standing.check(2_500);
  standing.check(21_499);
  expect(standing.status).toBe("suspect");
  standing.check(21_500);
  expect(told().slice(3)).toEqual(["link-suspect", "link-closed"]);
});

it("[LK3] who was not reached within 16 s is unreachable", () => {
  const output = new LinkOutput();
  const standing = new LinkStanding(testPeerId("ada"), output);
  standing.connect(0);
  standing.check(15_000);
  expect(output.events).toEqual([]);
  standing.check(16_000);
  expect(output.events).toMatchObject([{ type: "link-closed", reason: "unreachable" }]);
});

it("[LK15] our own standing still is forgiven once, until the peer is heard again", () => {
  const { standing, told } = opened();
  expect([standing.forgive(5_000, 4_900), standing.forgive(6_000, 900)]).toEqual([true, false]);
  standing.check(5_899);
  expect(told()).toEqual(["link-open"]);
  standing.check(5_900);
  expect(told()).toEqual(["link-open", "link-suspect"]);
  standing.hear(6_000);
  expect(standing.forgive(7_000, 500)).toBe(true);
});

it("[LK47] messages are taken for 90 s of silence, and of who said goodbye none", () => {
  const { standing } = opened();
  standing.check(1_000);
  standing.check(20_000);
  expect([standing.takesMessages(89_999), standing.takesMessages(90_000)]).toEqual([true, false]);
  const left = opened().standing;
  left.close("left");
  expect(left.takesMessages(1)).toBe(false);
});
