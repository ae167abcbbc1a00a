import { EventEmitter } from "node:events";
import { afterEach, beforeEach, expect, test, vi } from "vitest";
import type { WebSocket } from "ws";
import { GuardedSocket, messageRate, type SocketUser } from "./guarded-socket.ts";
import { BROKER_LIMITS, type BrokerLimits } from "./limits.ts";
import { SocketSweep } from "./socket-sweep.ts";

/** What the guard uses of a WebSocket. */
class FakeSocket extends EventEmitter {
  readonly OPEN = 1;
  readyState = 1;
  bufferedAmount = 0;
  isPaused = false;
  readonly sent: string[] = [];
  readonly calls: string[] = [];

  send(text: string): void {
    this.sent.push(text);
  }
  ping(): void {
    this.calls.push("ping");
  }
  pong(data: Buffer): void {
    this.calls.push(`pong ${data.toString()}`);
  }
  pause(): void {
    this.isPaused = true;
  }
  resume(): void {
    this.isPaused = false;
  }
  close(code: number): void {
    this.calls.push(`close ${code}`);
  }
  /** A frame, which for a short text has a head of two bytes. */
  write(frame: string): void {
    this.sent.push(frame.slice(frame.charCodeAt(1) < 126 ? 2 : 4));
  }
  end(): void {
    this.calls.push("end");
  }
  terminate(): void {
    this.calls.push("terminate");
    this.emit("close");
  }
}

class Recorder implements SocketUser {
  readonly log: string[] = [];
  handle: (text: string) => void | Promise<void> = () => undefined;

  handleText(text: string): void | Promise<void> {
    this.log.push(text);
    return this.handle(text);
  }
  handleOffence(offence: string): void {
    this.log.push(`offence ${offence}`);
  }
  handleSilence(): void {
    this.log.push("silence");
  }
  handleShutdown(): void {
    this.log.push("shutdown");
  }
  handleClosed(): void {
    this.log.push("closed");
  }
}

beforeEach(() => {
  vi.useFakeTimers();
});

afterEach(() => {
  vi.useRealTimers();
});

function guarded(limits: Partial<BrokerLimits> = {}): {
  raw: FakeSocket;
  user: Recorder;
  socket: GuardedSocket;
  ends: string[];
  nowMs: () => number;
} {
  const raw = new FakeSocket();
  const user = new Recorder();
  const ends: string[] = [];
  const nowMs = (): number => Date.now();
  const all = { ...BROKER_LIMITS, ...limits };
  const socket = new GuardedSocket(
    { socket: raw as unknown as WebSocket, connection: raw, address: "192.0.2.1" },
    {
      limits: all,
      messages: messageRate(all),
      nowMs,
      handleEnd: ({ address }) => ends.push(`end ${address}`),
      handleFailure: () => ends.push("failure"),
    },
  );
  socket.serve(user);
  return { raw, user, socket, ends, nowMs };
}

const say = (raw: FakeSocket, text: string): boolean => raw.emit("message", Buffer.from(text), false);

test("[BR30] after 5 s of silence a socket is asked, after 10 s it is ended; any sign of life counts", () => {
  const { raw, user, socket, nowMs } = guarded();
  const sweep = new SocketSweep(nowMs, Infinity, () => undefined);
  sweep.add(socket);
  vi.advanceTimersByTime(4_999);
  expect(user.log).toEqual([]);
  vi.advanceTimersByTime(1_001);
  expect(user.log).toEqual(["silence"]);
  raw.emit("pong");
  vi.advanceTimersByTime(9_000);
  expect(user.log).toEqual(["silence", "silence"]);
  expect(socket.isOpen).toBe(true);
  vi.advanceTimersByTime(2_000);
  expect(user.log).toEqual(["silence", "silence", "closed"]);
  expect(raw.calls).toEqual(["terminate"]);
  sweep.dispose();
});

test("[BR31] a process that stood still for a minute blames nobody", () => {
  const { user, socket, nowMs } = guarded();
  const sweep = new SocketSweep(nowMs, Infinity, () => undefined);
  sweep.add(socket);
  vi.advanceTimersByTime(2_000);
  vi.setSystemTime(Date.now() + 60_000);
  vi.advanceTimersByTime(3_000);
  expect(user.log).toEqual([]);
  vi.advanceTimersByTime(4_000);
  expect(user.log).toEqual(["silence"]);
  vi.advanceTimersByTime(10_000);
  expect(user.log).toEqual(["silence", "closed"]);
  sweep.dispose();
});

test("[AB99] of 2,000 sockets that fell silent together few are asked at a time, all within the second; a process that stood still meanwhile blames nobody", () => {
  const people = Array.from({ length: 2_000 }, () => guarded());
  const sweep = new SocketSweep(
    () => Date.now(),
    Infinity,
    () => undefined,
  );
  for (const { socket } of people) sweep.add(socket);
  const asked = (): number => people.filter(({ user }) => user.log.includes("silence")).length;
  vi.advanceTimersByTime(4_999);
  expect(asked()).toBe(0);
  let most = 0;
  for (let before = 0, ms = 0; ms < 1_000; ms++, before = asked()) {
    vi.advanceTimersByTime(1);
    most = Math.max(most, asked() - before);
  }
  expect([asked(), most]).toEqual([2_000, 13]);
  vi.advanceTimersByTime(400);
  vi.setSystemTime(Date.now() + 60_000);
  vi.advanceTimersByTime(4_000);
  expect(people.every(({ socket, user }) => socket.isOpen && user.log.length === 1)).toBe(true);
  sweep.dispose();
});

test("[BR30] what was said and waited for its turn is a sign of life until then", () => {
  const { raw, user, socket, nowMs } = guarded({ messageBurst: 1, messagesPerSecond: 0.25 });
  const sweep = new SocketSweep(nowMs, Infinity, () => undefined);
  sweep.add(socket);
  say(raw, "first");
  say(raw, "waits for four seconds");
  vi.advanceTimersByTime(7_999);
  expect(user.log).toEqual(["first", "waits for four seconds"]);
  vi.advanceTimersByTime(1_001);
  expect(user.log.at(-1)).toBe("silence");
  sweep.dispose();
});

test("[AB99] sockets that talk take no step of the sweep; one that is held up by its own rate is neither asked nor ended", () => {
  const people = Array.from({ length: 2_000 }, () => guarded());
  const slow = guarded({ messageBurst: 1, messagesPerSecond: 0.01 });
  const sweep = new SocketSweep(
    () => Date.now(),
    Infinity,
    () => undefined,
  );
  for (const { socket } of [...people, slow]) sweep.add(socket);
  say(slow.raw, "first");
  say(slow.raw, "waits for a minute and more");
  for (let second = 0; second < 20; second++) {
    for (const { raw } of people) say(raw, "x");
    vi.advanceTimersByTime(1_000);
    // The sweep's own, and that of who waits.
    expect(vi.getTimerCount()).toBe(2);
  }
  expect([slow.socket.isOpen, slow.user.log]).toEqual([true, ["first"]]);
  sweep.dispose();
});

test.each([
  [
    "at once",
    () => {
      throw new Error("bug");
    },
  ],
  ["later", () => Promise.reject(new Error("bug"))],
])("[BR32] a failure while a frame is handled, %s, ends that socket alone, and is reported", async (_when, handle) => {
  const { raw, user, ends } = guarded();
  user.handle = handle;
  say(raw, "x");
  await vi.advanceTimersByTimeAsync(0);
  expect(user.log).toEqual(["x", "closed"]);
  expect(ends).toEqual(["failure", "end 192.0.2.1"]);
});

test("[BR36] who is handed a socket handles all that comes from then on, and hears of its end once, also when it has ended before", () => {
  const { raw, user, socket } = guarded();
  const [next, late] = [new Recorder(), new Recorder()];
  say(raw, "x");
  socket.serve(next);
  say(raw, "y");
  socket.terminate();
  socket.serve(late);
  expect([user.log, next.log, late.log]).toEqual([["x"], ["y", "closed"], ["closed"]]);
});

test("[AB96] who broke a rule is told so, not read any more, and cut after a quarter of a second; who is closed in good order is read until it answered", () => {
  const [rude, polite] = [guarded(), guarded()];
  rude.socket.close(1008, "flood");
  polite.raw.isPaused = true;
  polite.socket.close(1000, "");
  expect([rude.raw.calls, rude.raw.isPaused]).toEqual([["close 1008", "end"], true]);
  expect([polite.raw.calls, polite.raw.isPaused]).toEqual([["close 1000"], false]);
  vi.advanceTimersByTime(250);
  expect([rude.raw.calls.at(-1), polite.raw.calls.at(-1)]).toEqual(["terminate", "close 1000"]);
  vi.advanceTimersByTime(750);
  expect(polite.raw.calls.at(-1)).toBe("terminate");
});

test("[BR33] messages above the rate are handled later, in order, and the sender is not read meanwhile", () => {
  const { raw, user } = guarded({ messageBurst: 3, messagesPerSecond: 10 });
  for (let index = 0; index < 50; index++) say(raw, String(index));
  expect(user.log).toHaveLength(3);
  expect(raw.isPaused).toBe(true);
  vi.advanceTimersByTime(1_000);
  expect(user.log).toHaveLength(13);
  vi.advanceTimersByTime(10_000);
  expect(user.log).toEqual(Array.from({ length: 50 }, (_, index) => String(index)));
  expect(raw.isPaused).toBe(false);
});

test("[BR33] one message is handled at a time", async () => {
  const { raw, user } = guarded();
  let finish: () => void = () => undefined;
  user.handle = () =>
    new Promise((resolve) => {
      finish = resolve;
    });
  say(raw, "a");
  say(raw, "b");
  expect(user.log).toEqual(["a"]);
  finish();
  await vi.advanceTimersByTimeAsync(0);
  expect(user.log).toEqual(["a", "b"]);
});

test("[BR34] whatever ends a socket, its user hears of it once and of nothing after", () => {
  const { raw, user, socket, ends } = guarded();
  socket.close(1000, "");
  raw.emit("error", new Error("late"));
  say(raw, "late");
  raw.emit("close");
  socket.send("late");
  socket.close(1000, "");
  vi.advanceTimersByTime(5_000);
  expect(user.log).toEqual(["closed"]);
  expect(ends).toEqual(["end 192.0.2.1"]);
  expect(raw.sent).toEqual([]);
  // The closing handshake has a second, then the connection is cut.
  expect(raw.calls).toEqual(["close 1000", "terminate"]);
});

test("[BR35] a reader that fell behind by more than the cap is dropped instead of sent to", () => {
  const { raw, user, socket } = guarded({ sendBufferBytes: 1_000 });
  raw.bufferedAmount = 990;
  socket.send("0123456789");
  expect(raw.sent).toHaveLength(1);
  socket.send("0123456789x");
  expect(raw.sent).toHaveLength(1);
  expect(user.log).toEqual(["closed"]);
});

test("[AB1] a message takes a token for each started 4 KiB, and one larger than the burst takes the whole burst", () => {
  const { raw, user } = guarded({ messageBurst: 10, messagesPerSecond: 10 });
  say(raw, "x".repeat(4_095));
  say(raw, "x".repeat(4_096));
  say(raw, "x".repeat(28_671));
  expect(user.log).toHaveLength(3);
  say(raw, "x".repeat(60_000));
  vi.advanceTimersByTime(999);
  expect(user.log).toHaveLength(3);
  vi.advanceTimersByTime(2);
  expect(user.log).toHaveLength(4);
});

test("[AB2] a sender is not read while more than 64 KiB of it wait", () => {
  const { raw, user } = guarded({ messageBurst: 1, messagesPerSecond: 10 });
  say(raw, "first");
  say(raw, "x".repeat(40_000));
  expect(raw.isPaused).toBe(false);
  say(raw, "x".repeat(40_000));
  expect(raw.isPaused).toBe(true);
  vi.advanceTimersByTime(1_000);
  expect([user.log.length, raw.isPaused]).toEqual([3, false]);
});

test("[AB3] pings are answered at the rate of messages; more of them, or of pongs, end the socket", () => {
  const { raw, user } = guarded({ messageBurst: 3, messagesPerSecond: 10 });
  for (const text of ["a", "b", "c"]) raw.emit("ping", Buffer.from(text));
  expect(raw.calls).toEqual(["pong a", "pong b", "pong c"]);
  vi.advanceTimersByTime(100);
  raw.emit("pong");
  expect(user.log).toEqual([]);
  raw.emit("pong");
  expect(user.log).toEqual(["offence flood"]);
});

test("[AB3] a ping of who does not read is not answered", () => {
  const { raw, user } = guarded();
  raw.bufferedAmount = 65_537;
  raw.emit("ping", Buffer.from("x"));
  expect([raw.calls, user.log]).toEqual([[], []]);
});

test("[AB4] above the cap for all together, who has read least is dropped first, and no more than must be", () => {
  const people = [300, 900, 600, 100].map((unread) => {
    const one = guarded();
    one.raw.bufferedAmount = unread;
    return one;
  });
  const sweep = new SocketSweep(
    () => Date.now(),
    1_000,
    () => undefined,
  );
  for (const { socket } of people) sweep.add(socket);
  vi.advanceTimersByTime(1_000);
  expect(people.map(({ socket }) => socket.isOpen)).toEqual([true, false, true, true]);
  sweep.dispose();
});

test("[AB113] above the cap for all together, who holds the most of a message that is not whole is dropped first", () => {
  const part = 16_384;
  // Fragments, reads within a frame, and both; of other fields than `ws` has, nothing is known.
  const people = [600, 1_000, 2_000, 1_500].map((count) => {
    const one = guarded();
    const parts = Array.from({ length: count }, () => "part");
    Reflect.set(one.raw, "_receiver", {
      _bufferedBytes: (part * count) / 4,
      _buffers: parts.slice(0, count / 2),
      _messageLength: (part * count * 3) / 4,
      _fragments: parts.slice(count / 2),
    });
    return one;
  });
  const other = guarded();
  Reflect.set(other.raw, "_receiver", { _bufferedBytes: Infinity });
  const sweep = new SocketSweep(
    () => Date.now(),
    Infinity,
    () => undefined,
  );
  for (const { socket } of [...people, other]) sweep.add(socket);
  expect(people[0]?.socket.unfinishedBytes).toBe(600 * (part + 400));
  vi.advanceTimersByTime(1_000);
  expect([...people, other].map(({ socket }) => socket.isOpen)).toEqual([true, true, false, true, true]);
  sweep.dispose();
});

test("[BR36] a socket that its user's own start has closed is told so", () => {
  const raw = new FakeSocket();
  const user = new Recorder();
  const socket = new GuardedSocket(
    { socket: raw as unknown as WebSocket, connection: raw, address: "192.0.2.1" },
    {
      limits: BROKER_LIMITS,
      messages: messageRate(BROKER_LIMITS),
      nowMs: () => 0,
      handleEnd: () => undefined,
      handleFailure: () => undefined,
    },
  );
  socket.close(1000, "");
  socket.serve(user);
  expect(user.log).toEqual(["closed"]);
});
