import { EventEmitter } from "node:events";
import type { ServerResponse } from "node:http";
import type { Duplex } from "node:stream";
import { afterEach, beforeEach, expect, test, vi } from "vitest";
import { IdleDeadline } from "./idle-deadline.ts";

beforeEach(() => {
  vi.useFakeTimers();
});

afterEach(() => {
  vi.useRealTimers();
});

class Connection extends EventEmitter {
  destroyed = false;

  destroy(): void {
    this.destroyed = true;
    this.emit("close");
  }
}

function connection(idle: IdleDeadline): { readonly socket: Duplex; readonly raw: Connection; readonly ask: () => EventEmitter } {
  const raw = new Connection();
  const socket = raw as unknown as Duplex;
  return {
    socket,
    raw,
    ask: () => {
      const response = new EventEmitter();
      idle.watch(socket, response as unknown as ServerResponse);
      return response;
    },
  };
}

test("[AB111] a connection is cut so long after its last answer, and never while one is under way", () => {
  const idle = new IdleDeadline(15_000);
  const { raw, ask } = connection(idle);
  ask().emit("close");
  vi.advanceTimersByTime(14_999);
  const second = ask();
  vi.advanceTimersByTime(60_000);
  expect(raw.destroyed).toBe(false);
  second.emit("close");
  vi.advanceTimersByTime(14_999);
  expect(raw.destroyed).toBe(false);
  vi.advanceTimersByTime(1);
  expect(raw.destroyed).toBe(true);
});

test("[AB111] of several requests at once the last answer counts, and none after it became a socket", () => {
  const idle = new IdleDeadline(15_000);
  const [asking, upgraded] = [connection(idle), connection(idle)];
  const [first, second] = [asking.ask(), asking.ask()];
  first.emit("close");
  vi.advanceTimersByTime(60_000);
  expect(asking.raw.destroyed).toBe(false);
  second.emit("close");
  const third = asking.ask();
  vi.advanceTimersByTime(60_000);
  expect(asking.raw.destroyed).toBe(false);
  third.emit("close");
  const late = upgraded.ask();
  idle.lift(upgraded.socket);
  late.emit("close");
  vi.advanceTimersByTime(15_000);
  expect([asking.raw.destroyed, upgraded.raw.destroyed]).toEqual([true, false]);
});

test("[AB111] one that became a socket, or is gone, is waited for no longer, however often it asked", () => {
  const idle = new IdleDeadline(15_000);
  const [upgraded, gone] = [connection(idle), connection(idle)];
  for (const { ask } of [upgraded, gone]) for (let count = 0; count < 20; count++) ask().emit("close");
  idle.lift(upgraded.socket);
  gone.raw.destroy();
  expect([vi.getTimerCount(), gone.raw.listenerCount("close")]).toEqual([0, 0]);
  vi.advanceTimersByTime(60_000);
  expect([upgraded.raw.destroyed, upgraded.raw.listenerCount("close")]).toEqual([false, 1]);
});
