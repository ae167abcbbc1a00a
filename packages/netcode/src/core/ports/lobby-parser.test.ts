import * as fc from "fast-check";
import { expect, test } from "vitest";
import { anyBrokerMessage, anyListMessage, anyMemberMessage } from "../../../test/any-lobby-message.ts";
import {
  LOBBY_LIMITS,
  LOBBY_PROTOCOL_VERSION,
  parseBrokerMessage,
  parseJsonText,
  parseListMessage,
  parseMemberMessage,
} from "./lobby-protocol.ts";

const KEY = "A".repeat(43);

/** Valid messages with one thing broken: a value replaced, a key dropped, bytes exchanged. */
function anyBroken(valid: fc.Arbitrary<unknown>): fc.Arbitrary<string> {
  return fc
    .tuple(valid, fc.nat(), fc.jsonValue({ maxDepth: 4 }), fc.constantFrom("value", "drop", "byte", "cut"))
    .map(([message, at, value, kind]) => {
      const text = JSON.stringify(message);
      const index = at % text.length;
      if (kind === "byte") return text.slice(0, index) + String.fromCharCode(at % 256) + text.slice(index + 1);
      if (kind === "cut") return text.slice(0, index);
      let count = 0;
      const target = at % (text.split('"').length + 1);
      return JSON.stringify(message, (_key, item: unknown) => (count++ === target ? (kind === "drop" ? undefined : value) : item)) ?? "";
    });
}

test("[LP1] what a member may say is read as it was meant", () => {
  const property = fc.property(anyMemberMessage, (message) => {
    expect(parseMemberMessage(JSON.stringify(message))).toEqual({ ok: true, value: message });
  });
  fc.assert(property, { numRuns: 500 });
});

test("[LP1] what a broker may say is read as it was meant", () => {
  const property = fc.property(anyBrokerMessage, (message) => {
    expect(parseBrokerMessage(JSON.stringify(message))).toEqual({ ok: true, value: message });
  });
  fc.assert(property, { numRuns: 500 });
});

test("[LP1] what a broker may say of the public list is read as it was meant", () => {
  const property = fc.property(anyListMessage, (message) => {
    expect(parseListMessage(JSON.stringify(message))).toEqual({ ok: true, value: message });
  });
  fc.assert(property, { numRuns: 300 });
});

test.each([
  ["member", parseMemberMessage, anyMemberMessage],
  ["broker", parseBrokerMessage, anyBrokerMessage],
  ["broker with a list", parseListMessage, anyListMessage],
] as const)(
  "[LP2] 10,000 broken messages of a %s are refused, or read as something of the protocol, and never throw",
  (_side, parse, valid) => {
    const counts = { refused: 0, read: 0 };
    const property = fc.property(fc.oneof(anyBroken(valid), fc.json(), fc.string()), (text) => {
      const result = parse(text);
      counts[result.ok ? "read" : "refused"]++;
      // What is taken survives being written and read again: it really is of the protocol.
      expect(result.ok ? parse(JSON.stringify(result.value)) : result).toEqual(result);
    });
    fc.assert(property, { numRuns: 10_000 });
    expect(counts.refused).toBeGreaterThan(1_000);
    expect(counts.read).toBeGreaterThan(100);
  },
);

test("[LP3] a frame over the limit is refused unread, and one at the limit is read", () => {
  const pad = (bytes: number): string => `{"ping":1}${" ".repeat(bytes - 10)}`;
  expect(parseMemberMessage(pad(LOBBY_LIMITS.frameBytes)).ok).toBe(true);
  expect(parseMemberMessage(pad(LOBBY_LIMITS.frameBytes + 1))).toMatchObject({ ok: false, reason: "too-large" });
  expect(parseBrokerMessage(pad(LOBBY_LIMITS.brokerFrameBytes + 1))).toMatchObject({ ok: false, reason: "too-large" });
  // Bytes count, not characters: "€" is three.
  expect(parseJsonText(`"${"€".repeat(10)}"`, { bytesMax: 31, depthMax: 1 })).toEqual({ ok: false, reason: "too-large" });
  expect(parseJsonText(`"${"€".repeat(10)}"`, { bytesMax: 32, depthMax: 1 }).ok).toBe(true);
  expect(parseJsonText(`"${"😀".repeat(10)}"`, { bytesMax: 42, depthMax: 1 }).ok).toBe(true);
  expect(parseJsonText(`"${"😀".repeat(10)}"`, { bytesMax: 41, depthMax: 1 })).toEqual({ ok: false, reason: "too-large" });
});

test("[LP4] nesting over 32 is refused before it is parsed; brackets inside strings do not count", () => {
  const nested = (depth: number): string => "[".repeat(depth) + "]".repeat(depth);
  expect(parseJsonText(nested(32), { bytesMax: 1e6, depthMax: 32 }).ok).toBe(true);
  expect(parseJsonText(nested(33), { bytesMax: 1e6, depthMax: 32 })).toEqual({ ok: false, reason: "too-deep" });
  expect(parseMemberMessage(`{"request":1,"command":${'{"a":'.repeat(6_000)}1${"}".repeat(6_000)}}`)).toMatchObject({
    ok: false,
    reason: "too-deep",
  });
  expect(parseJsonText(JSON.stringify(`\\"${nested(100)}`), { bytesMax: 1e6, depthMax: 1 }).ok).toBe(true);
});

test("[LP5] keys that reach into prototypes and numbers that JSON cannot write are refused", () => {
  for (const key of ["__proto__", "constructor", "prototype"]) {
    expect(parseMemberMessage(`{"request":1,"command":{"type":"set-settings","settings":{"${key}":{"polluted":1}}}}`)).toMatchObject({
      ok: false,
      reason: "bad-key",
    });
  }
  for (const number of ["1e999", "-1e999", "-0", "-0.0"]) {
    expect(parseMemberMessage(`{"request":1,"command":{"type":"set-settings","settings":[${number}]}}`)).toMatchObject({
      ok: false,
      reason: "bad-number",
    });
  }
  expect(({} as Record<string, unknown>)["polluted"]).toBeUndefined();
});

test("[LP6] fields are bounded: name, choices, settings, capacity, players, countdown", () => {
  const ok = (command: unknown): boolean => parseMemberMessage(JSON.stringify({ request: 1, command })).ok;
  const profile = { name: "x".repeat(64), colour: 63, choices: "c".repeat(1022) };
  expect(ok({ type: "set-profile", profile })).toBe(true);
  expect(ok({ type: "set-profile", profile: { ...profile, name: "x".repeat(65) } })).toBe(false);
  expect(ok({ type: "set-profile", profile: { ...profile, colour: 64 } })).toBe(false);
  expect(ok({ type: "set-profile", profile: { ...profile, choices: "c".repeat(1023) } })).toBe(false);
  expect(ok({ type: "set-settings", settings: "s".repeat(4094) })).toBe(true);
  expect(ok({ type: "set-settings", settings: "s".repeat(4095) })).toBe(false);
  const { name, colour, choices } = profile;
  const guests = Array.from({ length: 3 }, () => ({ name, colour, choices }));
  expect(ok({ type: "set-profile", profile: { ...profile, guests } })).toBe(true);
  expect(ok({ type: "set-profile", profile: { ...profile, guests: [...guests, ...guests] } })).toBe(false);
  for (const [capacity, fits] of [
    [0, false],
    [1, true],
    [64, true],
    [65, false],
    [2.5, false],
  ] as const) {
    expect(ok({ type: "set-capacity", capacity })).toBe(fits);
  }
  expect(ok({ type: "start", playerCount: 9, botProfiles: [], countdownMs: 0 })).toBe(false);
  expect(ok({ type: "start", playerCount: 8, botProfiles: [], countdownMs: 60_001 })).toBe(false);
});

test("[ID24] who comes in names a key of 32 bytes, written in the one way that there is", () => {
  const join = { type: "join", protocol: LOBBY_PROTOCOL_VERSION, code: "KXRTM", game: { id: "tag", version: 1, contentHash: "0123abcd" } };
  const read = (key: unknown): boolean => {
    const command = { ...join, profile: { name: "", colour: 0, choices: null }, key };
    return parseMemberMessage(JSON.stringify({ request: 1, command })).ok;
  };
  expect([KEY, `${"-_".repeat(21)}w`].map(read)).toEqual([true, true]);
  const wrong = [
    undefined,
    null,
    7,
    "",
    KEY.slice(1),
    `${KEY}A`,
    `${KEY}=`,
    `${"A".repeat(42)}B`,
    `${"A".repeat(42)}+`,
    `${"A".repeat(42)}é`,
  ];
  expect(wrong.filter(read)).toEqual([]);
});

test("[LP15] device and entrance are optional, and bounded", () => {
  const join = {
    type: "join",
    protocol: LOBBY_PROTOCOL_VERSION,
    key: KEY,
    code: "KXRTM",
    game: { id: "tag", version: 1, contentHash: "0123abcd" },
  };
  const read = (more: object): unknown => {
    const command = { ...join, profile: { name: "", colour: 0, choices: null }, ...more };
    const result = parseMemberMessage(JSON.stringify({ request: 1, command }));
    return result.ok ? "ok" : result.path;
  };
  expect(read({})).toBe("ok");
  for (const [device, fits] of [
    ["d".repeat(15), false],
    ["d".repeat(16), true],
    ["-_9Z".repeat(16), true],
    ["d".repeat(65), false],
    [`${"d".repeat(20)} `, false],
    ["é".repeat(20), false],
    [7, false],
    [null, false],
  ] as const) {
    expect(read({ device })).toBe(fits ? "ok" : "command.device");
    expect(read({ entrance: { id: device, attempt: 1 } })).toBe(fits ? "ok" : "command.entrance.id");
  }
  for (const attempt of [0, 1_001, 1.5, "1"]) expect(read({ entrance: { id: "e".repeat(16), attempt } })).toBe("command.entrance.attempt");
});

test("[LP7] a refusal names the field and, where it can be read, the request", () => {
  const text = '{"request":7,"command":{"type":"set-profile","profile":{"name":5,"colour":0,"choices":null}}}';
  expect(parseMemberMessage(text)).toEqual({ ok: false, reason: "bad-shape", path: "command.profile.name", request: 7 });
  expect(parseMemberMessage('{"request":7,"command":{"type":"toString"}}')).toEqual({
    ok: false,
    reason: "bad-shape",
    path: "command.type",
    request: 7,
  });
  expect(parseMemberMessage("{")).toEqual({ ok: false, reason: "not-json", path: "", request: undefined });
});

test("[LP8] a command of another protocol version is told apart, whatever else it holds", () => {
  const text = '{"request":7,"command":{"type":"join","protocol":1,"ticket":{}}}';
  expect(parseMemberMessage(text)).toEqual({ ok: false, reason: "other-protocol", path: "command.protocol", request: 7 });
});

test("[LP9] fields that are not of the protocol are dropped", () => {
  expect(parseMemberMessage('{"request":1,"command":{"type":"leave","extra":1},"more":2}')).toEqual({
    ok: true,
    value: { request: 1, command: { type: "leave" } },
  });
});
