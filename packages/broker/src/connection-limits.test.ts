import { createServer, type Server } from "node:http";
import { Socket } from "node:net";
import { expect, test } from "vitest";
import { AddressLimits } from "./address-limits.ts";
import { limitConnections } from "./connection-limits.ts";
import { BROKER_LIMITS } from "./limits.ts";

class FakeSocket extends Socket {
  override readonly remoteAddress: string;

  constructor(address: string) {
    super();
    this.remoteAddress = address;
  }
}

interface Door {
  /** A connection comes. */
  readonly connect: (address: string) => FakeSocket;
  readonly served: FakeSocket[];
  readonly cut: () => number;
}

function openDoor(perAddress: number, mayConnect: (address: string) => boolean): Door {
  const served: FakeSocket[] = [];
  let cut = 0;
  const server: Server = createServer();
  server.removeAllListeners("connection");
  server.on("connection", (socket: FakeSocket) => served.push(socket));
  limitConnections(server, { perAddress, mayConnect, handleRefused: () => cut++ });
  const connect = (address: string): FakeSocket => {
    const socket = new FakeSocket(address);
    server.emit("connection", socket);
    return socket;
  };
  return { connect, served, cut: () => cut };
}

test("[AB97] an address makes as many connections a minute as it may have sockets, requests and refusals; more are cut and the server never hears of them", () => {
  const limits = new AddressLimits({ ...BROKER_LIMITS, opensPerMinute: 3, requestsPerMinute: 5, refusalsPerMinute: 4 });
  let nowMs = 0;
  const { connect, served, cut } = openDoor(100, (address) => limits.take(nowMs, address, "connections"));
  const first = connect("192.0.2.1");
  for (let index = 1; index < 20; index++) connect("192.0.2.1");
  connect("192.0.2.2");
  expect([served.length, cut()]).toEqual([13, 8]);
  expect(served.every((socket) => !socket.destroyed)).toBe(true);
  // Twelve a minute: one in five seconds.
  nowMs = 5_000;
  expect([connect("192.0.2.1").destroyed, connect("192.0.2.1").destroyed, first.destroyed]).toEqual([false, true, false]);
});

test("[AB6] an address has so many connections at a time; more are cut, and the server never hears of them", async () => {
  const { connect, served, cut } = openDoor(2, () => true);
  const [first] = [connect("192.0.2.1"), connect("192.0.2.1")];
  expect(connect("192.0.2.1").destroyed).toBe(true);
  expect([served.length, cut()]).toEqual([2, 1]);
  first?.destroy();
  await new Promise((resolve) => first?.once("close", resolve));
  expect(connect("192.0.2.1").destroyed).toBe(false);
});
