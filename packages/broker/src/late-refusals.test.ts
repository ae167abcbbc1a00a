import { afterEach, beforeEach, expect, test, vi } from "vitest";
import { AddressLimits } from "./address-limits.ts";
import { Counters } from "./counters.ts";
import { LateRefusals } from "./late-refusals.ts";
import { BROKER_LIMITS } from "./limits.ts";
import { statusOfBroken } from "./refuse-upgrade.ts";

beforeEach(() => {
  vi.useFakeTimers();
});

afterEach(() => {
  vi.useRealTimers();
});

function refusing(): {
  readonly refusals: LateRefusals;
  readonly refuse: (address: string, count: number) => void;
  readonly log: string[];
  readonly take: () => string;
} {
  const log: string[] = [];
  const refusals = new LateRefusals(new AddressLimits({ ...BROKER_LIMITS, refusalsPerMinute: 3 }), new Counters());
  const refuse = (address: string, count: number): void => {
    for (let index = 0; index < count; index++) {
      refusals.refuse(Date.now(), address, { answer: () => log.push(address), cut: () => log.push("cut") });
    }
  };
  return { refusals, refuse, log, take: () => log.splice(0).join(" ") };
}

test("[AB95] an address that is refused all the time hears of it a second late, and others at once; beyond what may wait it is cut", () => {
  const { refusals, refuse, log, take } = refusing();
  refuse("a", 4);
  refuse("b", 1);
  expect(take()).toBe("a a a b");
  vi.advanceTimersByTime(999);
  expect(take()).toBe("");
  vi.advanceTimersByTime(1);
  expect(take()).toBe("a");
  refuse("a", 33);
  expect([take(), refusals.heldCount]).toEqual(["cut", 32]);
  vi.advanceTimersByTime(1_000);
  expect([log.length, refusals.heldCount]).toEqual([32, 0]);
});

test("[AB95] of all addresses 512 refusals wait, and a broker that stops answers all of them", () => {
  const { refusals, refuse, take } = refusing();
  for (let index = 0; index < 17; index++) refuse(`address ${index}`, 3);
  take();
  for (let index = 0; index < 16; index++) refuse(`address ${index}`, 32);
  expect(take()).toBe("");
  refuse("address 16", 1);
  expect([take(), refusals.heldCount]).toEqual(["cut", 512]);
  refusals.close();
  refuse("address 16", 1);
  expect([take().split("address").length - 1, refusals.heldCount]).toEqual([513, 0]);
});

test("[AB105] who sent too long headers, or its request too slowly, is told so", () => {
  const of = (code: string): string => statusOfBroken(Object.assign(new Error("broken"), { code }));
  expect(["ERR_HTTP_REQUEST_TIMEOUT", "HPE_HEADER_OVERFLOW", "HPE_INVALID_METHOD"].map(of)).toEqual([
    "408 Request Timeout",
    "431 Request Header Fields Too Large",
    "400 Bad Request",
  ]);
});
