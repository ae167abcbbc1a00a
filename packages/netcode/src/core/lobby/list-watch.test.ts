import { expect, test } from "vitest";
import { Random } from "../base/random.ts";
import { normalizeLobbyCode, type LobbyListing, type ListMessage, type MemberMessage } from "../ports/lobby-protocol.ts";
import { ListWatch, type ListWatchEvent } from "./list-watch.ts";
import type { SocketAction } from "./lobby-member-outputs.ts";

const GAME = { id: "tag", version: 1, contentHash: "0123abcd" };

function listing(text: string, more: Partial<LobbyListing> = {}): LobbyListing {
  const code = normalizeLobbyCode(text);
  if (code === undefined) throw new Error(`not a code: ${text}`);
  return { code, hostName: "Ada", metadata: null, members: 1, capacity: 4, playing: false, password: false, relayOnly: false, ...more };
}

/** A watch, and a broker that says what the test wants. */
class Bench {
  nowMs = 1_000;
  readonly sent: MemberMessage[] = [];
  readonly actions: SocketAction[] = [];
  readonly events: ListWatchEvent[] = [];
  readonly watch = new ListWatch(this.nowMs, { game: GAME, filter: { joinable: true }, random: new Random(1) });
  socket = 0;

  constructor() {
    this.drain();
  }

  drain(): void {
    const { watch } = this;
    for (let frame = watch.pollFrame(); frame !== undefined; frame = watch.pollFrame()) this.sent.push(JSON.parse(frame) as MemberMessage);
    for (let action = watch.pollAction(); action !== undefined; action = watch.pollAction()) {
      this.actions.push(action);
      if (action.type === "open-socket") this.socket = action.socket;
    }
    for (let event = watch.pollEvent(); event !== undefined; event = watch.pollEvent()) this.events.push(event);
  }

  open(): void {
    this.watch.handleSocketOpen(this.nowMs, this.socket);
    this.drain();
  }

  hear(message: ListMessage | string): void {
    this.watch.handleFrame(this.nowMs, this.socket, typeof message === "string" ? message : JSON.stringify(message));
    this.drain();
  }

  drop(): void {
    this.watch.handleSocketClosed(this.nowMs, this.socket);
    this.drain();
  }

  /** Goes on to the next deadline. */
  step(): void {
    this.nowMs = this.watch.pollTimeoutMs();
    this.watch.handleTimeout(this.nowMs);
    this.drain();
  }

  /** A first list. */
  answer(...lobbies: LobbyListing[]): void {
    this.open();
    this.hear({ reply: this.asked, ok: true, result: { lobbies, total: lobbies.length } });
  }

  /** The number of the last question. */
  get asked(): number {
    const last = this.sent.at(-1);
    if (last === undefined || !("request" in last)) throw new Error("nothing was asked");
    return last.request;
  }

  get codes(): readonly string[] {
    return this.watch.lobbies.map(({ code }) => code);
  }
}

test("[LS23] a list is asked for, kept up to date and in order, and asked again after an outage", () => {
  const bench = new Bench();
  bench.answer(listing("BBBBB"), listing("CCCCC", { members: 3 }));
  expect(bench.sent[0]).toMatchObject({ command: { type: "list", game: GAME, filter: { joinable: true } } });
  expect([bench.watch.isLive, bench.codes]).toEqual([true, ["CCCCC", "BBBBB"]]);
  bench.hear({
    list: {
      put: [listing("BBBBB", { members: 2 }), listing("DDDDD", { members: 3, playing: true })],
      gone: [listing("CCCCC").code],
      total: 2,
    },
  });
  expect([bench.codes, bench.watch.total]).toEqual([["BBBBB", "DDDDD"], 2]);
  bench.drop();
  expect([bench.watch.isLive, bench.codes, bench.events.at(-1)?.type]).toEqual([false, ["BBBBB", "DDDDD"], "broker-lost"]);
  for (let attempt = 0; attempt < 10; attempt++) {
    bench.step();
    bench.drop();
  }
  bench.step();
  bench.answer(listing("FFFFF"));
  expect([bench.watch.isLive, bench.codes]).toEqual([true, ["FFFFF"]]);
  bench.watch.close();
  bench.drain();
  expect(bench.actions.at(-1)).toEqual({ type: "close-socket", socket: bench.socket });
  expect(bench.watch.pollTimeoutMs()).toBe(Infinity);
});

test("[LS23] a silent broker is pinged and given up; without a first list three attempts are the end", () => {
  const bench = new Bench();
  bench.answer();
  bench.step();
  expect(bench.sent.at(-1)).toHaveProperty("ping");
  bench.hear({ ping: 5 });
  expect(bench.sent.at(-1)).toEqual({ pong: 5 });
  bench.step();
  bench.step();
  expect(bench.events.map(({ type }) => type)).toEqual(["list", "broker-lost"]);
  const lone = new Bench();
  for (let attempt = 0; attempt < 5 && lone.watch.pollTimeoutMs() < Infinity; attempt++) {
    lone.drop();
    if (lone.watch.pollTimeoutMs() < Infinity) lone.step();
  }
  expect(lone.events).toEqual([{ type: "closed", failure: { code: "BROKER_UNREACHABLE" } }]);
  expect(lone.socket).toBe(3);
});

test("[LS23] too many questions, and a broker that cannot answer now, wait as long as it says; another refusal is the end", () => {
  const bench = new Bench();
  bench.answer(listing("BBBBB"));
  for (const code of ["RATE_LIMITED", "RETRY"] as const) {
    bench.drop();
    bench.step();
    bench.open();
    bench.hear({ reply: bench.asked, ok: false, error: { code, message: "Later.", retryAfterMs: 3_000 } });
    expect(bench.watch.pollTimeoutMs()).toBeGreaterThanOrEqual(bench.nowMs + 3_000);
    bench.step();
    bench.answer(listing("CCCCC"));
  }
  expect([bench.watch.isLive, bench.codes]).toEqual([true, ["CCCCC"]]);
  bench.drop();
  bench.step();
  bench.open();
  bench.hear({ reply: bench.asked, ok: false, error: { code: "VERSION_MISMATCH", message: "Another." } });
  expect(bench.events.at(-1)).toMatchObject({ type: "closed", failure: { code: "VERSION_MISMATCH" } });
});

test("[LS23] what is not of the protocol is counted and changes nothing, and a broker that adds lobbies for ever is left", () => {
  const bench = new Bench();
  bench.answer(listing("BBBBB"));
  const texts = [
    "",
    "[]",
    '{"list":{}}',
    '{"list":{"put":[{"code":"BBBBB"}],"gone":[],"total":1}}',
    '{"event":3,"change":{"type":"locked-changed"}}',
  ];
  for (const text of texts) bench.hear(text);
  expect([bench.watch.refused, bench.codes, bench.watch.isLive]).toEqual([texts.length, ["BBBBB"], true]);
  const letters = "BCDFGHJKMNPQRSTVWXYZ";
  for (let index = 0; index < 200 && bench.watch.isLive; index++) {
    const code = `KK${letters[index % 20] ?? ""}${letters[Math.floor(index / 20) % 20] ?? ""}B`;
    bench.hear({ list: { put: [listing(code)], gone: [], total: 1 } });
  }
  expect([bench.watch.isLive, bench.codes.length]).toEqual([false, 50]);
});
