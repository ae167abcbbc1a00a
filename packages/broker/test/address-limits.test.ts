import { LOBBY_PROTOCOL_VERSION } from "@rollcall/netcode/lobby-protocol";
import { expect, test, vi } from "vitest";
import { AddressLimits } from "../src/address-limits.ts";
import { addressKey } from "../src/client-address.ts";
import { BROKER_LIMITS } from "../src/limits.ts";
import { named, TAG } from "./lobby-fixture.ts";
import { PageKey } from "./page-key.ts";
import { useVirtualTime } from "./virtual-time.ts";
import { VirtualBroker } from "./virtual-broker.ts";

useVirtualTime();

interface Asker {
  readonly ask: (request: number, command: object) => void;
  readonly heard: { readonly atMs: number; readonly text: string }[];
}

function connect(broker: VirtualBroker): Asker {
  const heard: Asker["heard"] = [];
  const socket = broker.connect(
    (text) => heard.push({ atMs: Date.now(), text }),
    () => undefined,
  );
  return { heard, ask: (request, command) => void socket.emit("message", Buffer.from(JSON.stringify({ request, command })), false) };
}

const isRefused = ({ text }: { readonly text: string }): boolean => /RATE_LIMITED.*retryAfterMs/.test(text);

test("[BR24] of more addresses than are remembered none is forgotten that has a socket", () => {
  const limits = new AddressLimits({ ...BROKER_LIMITS, socketsPerAddress: 1 });
  limits.addSocket("192.0.2.1");
  for (let index = 0; index < 50_001; index++) limits.take(0, `10.${index >> 16}.${(index >> 8) & 255}.${index & 255}`, "requests");
  expect([limits.size, limits.mayOpen(0, "192.0.2.1"), limits.mayOpen(0, "192.0.2.2")]).toEqual([50_000, false, true]);
  limits.removeSocket("192.0.2.1");
  expect(limits.mayOpen(0, "192.0.2.1")).toBe(true);
});

test("[AB114] of thousands of addresses that have sockets none is passed for each stranger, and a sweep looks at a part of them all", () => {
  const limits = new AddressLimits(BROKER_LIMITS);
  for (let index = 0; index < 5_000; index++) limits.addSocket(`192.0.${index >> 8}.${index & 255}`);
  const strangers = (from: number, count: number): void => {
    for (let index = from; index < from + count; index++)
      limits.take(0, `10.${index >> 16}.${(index >> 8) & 255}.${index & 255}`, "requests");
  };
  strangers(0, 45_000);
  const steps = vi.spyOn(Object.getPrototypeOf(new Map().entries()) as Iterator<unknown>, "next");
  strangers(45_000, 2_000);
  expect(limits.size).toBe(50_000);
  // Those in use once, and each of the forgotten.
  expect(steps.mock.calls.length).toBeLessThan(5_000 + 2 * 2_000);
  steps.mockClear();
  limits.sweep(60_000);
  expect(steps.mock.calls.length).toBeLessThan(5_000);
  steps.mockRestore();
  expect(limits.size).toBeLessThan(50_000);
  for (let sweeps = 0; sweeps < 40; sweeps++) limits.sweep(60_000);
  expect(limits.size).toBe(5_000);
});

test("[AB90] what to prove for a password is told at a moment that tells nothing, and so often in a minute to an address", async () => {
  const { ask, heard } = connect(new VirtualBroker());
  const askedMs = Date.now();
  const command = { type: "challenge", protocol: LOBBY_PROTOCOL_VERSION, code: "KXRTM", key: new PageKey().key };
  for (let request = 1; request <= BROKER_LIMITS.challengesPerMinute + 5; request++) ask(request, command);
  await vi.advanceTimersByTimeAsync(60_000);
  const answers = heard.filter(({ text }) => text.includes("nonce"));
  expect(new Set(answers.map(({ atMs }) => (atMs - askedMs) % 25))).toEqual(new Set([0]));
  // Here nothing takes any time: without the wait all of them would come at once.
  expect(answers.map(({ atMs }) => atMs)).not.toContain(askedMs);
  // Asked one after the other: what came back meanwhile is answered too.
  expect(answers.length).toBeLessThanOrEqual(BROKER_LIMITS.challengesPerMinute + 2);
  expect(heard.filter(isRefused).length).toBeGreaterThanOrEqual(3);
});

test("[LS90] an address asks for a quick match as often as for the list", async () => {
  const broker = new VirtualBroker();
  const askers = Array.from({ length: BROKER_LIMITS.listsPerMinute + 1 }, () => connect(broker));
  for (const { ask } of askers) {
    const room = { game: TAG, profile: named("Ada"), capacity: 8, settings: null, metadata: null, filter: {} };
    ask(1, { type: "quick-match", protocol: LOBBY_PROTOCOL_VERSION, key: new PageKey().key, ...room });
  }
  await vi.advanceTimersByTimeAsync(100);
  const replies = askers.map(({ heard }) => heard.find(({ text }) => text.includes('"reply"')));
  expect(replies.filter((reply) => reply !== undefined && isRefused(reply))).toHaveLength(1);
  expect(replies.filter((reply) => reply?.text.includes("resumeSecret") === true)).toHaveLength(BROKER_LIMITS.listsPerMinute);
});

test("[AB101] all addresses of an IPv6 /48 together have sixteen times the sockets of one, and do everything sixteen times as often; others have room", () => {
  const limits = new AddressLimits({ ...BROKER_LIMITS, socketsPerAddress: 2 });
  const open = (text: string): boolean => {
    const address = addressKey(text) ?? "";
    const isFree = limits.mayOpen(0, address);
    if (isFree) limits.addSocket(address);
    return isFree;
  };
  const opened = Array.from({ length: 100 }, (_, index) => open(`2001:db8:7:${index.toString(16)}::1`));
  expect(opened.filter(Boolean)).toHaveLength(32);
  expect([open("2001:db8:7:999::1"), open("2001:db8:8::1"), open("192.0.2.1")]).toEqual([false, true, true]);
  const lobbies = Array.from({ length: 1_000 }, (_, index) => limits.take(0, `2001:db8:9:${index.toString(16)}::/64`, "lobbies"));
  expect(lobbies.filter(Boolean)).toHaveLength(16 * BROKER_LIMITS.lobbiesPerMinute);
  limits.removeSocket("2001:db8:7:0::/64");
  expect([open("2001:db8:7:999::1"), open("2001:db8:7:999::1")]).toEqual([true, false]);
});

test("[AB91] all addresses of an IPv6 /48 together guess sixteen times as often as one; right codes are given back, others are not held up", () => {
  const limits = new AddressLimits(BROKER_LIMITS);
  const guess = (address: string): boolean => limits.take(0, addressKey(address) ?? "", "wrongCodes");
  const { wrongCodesPerMinute } = BROKER_LIMITS;
  let taken = 0;
  for (let index = 0; index < 1_000; index++) {
    for (let attempt = 0; attempt <= wrongCodesPerMinute; attempt++) {
      if (guess(`2001:db8:7:${index.toString(16)}::1`)) taken++;
    }
  }
  expect(taken).toBe(16 * wrongCodesPerMinute);
  expect(limits.waitMs(0, "2001:db8:7:999::/64", "wrongCodes")).toBeGreaterThan(0);
  expect([guess("2001:db8:7:999::1"), guess("2001:db8:8::1"), guess("192.0.2.1")]).toEqual([false, true, true]);
  // What was refused by the one has cost nothing of the other.
  limits.refund(0, "2001:db8:7:999::/64", "wrongCodes");
  expect([guess("2001:db8:7:999::1"), guess("2001:db8:7:999::1")]).toEqual([true, false]);
  limits.sweep(120_000);
  expect(limits.size).toBe(0);
});
