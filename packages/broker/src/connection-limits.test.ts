import { once } from "node:events";
import { connect, createServer, Socket, type AddressInfo } from "node:net";
import { expect, test } from "vitest";
import { AddressLimits } from "./address-limits.ts";
import { connectionAddress } from "./client-address.ts";
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
  readonly cut: () => number;
}

/** Of a server that Node does not listen for: sockets come made. */
function openDoor(perAddress: number, mayConnect: (address: string) => boolean): Door {
  let cut = 0;
  const server = createServer();
  limitConnections(server, { perAddress, mayConnect, handleRefused: () => cut++ });
  return {
    connect: (address) => {
      const socket = new FakeSocket(address);
      server.emit("connection", socket);
      return socket;
    },
    cut: () => cut,
  };
}

test("[AB97] an address makes as many connections a minute as it may have sockets, requests and refusals; more are cut, and what is open stays", () => {
  const limits = new AddressLimits({ ...BROKER_LIMITS, opensPerMinute: 3, requestsPerMinute: 5, refusalsPerMinute: 4 });
  let nowMs = 0;
  const { connect: arrive, cut } = openDoor(100, (address) => limits.take(nowMs, address, "connections"));
  const open = Array.from({ length: 20 }, () => arrive("192.0.2.1")).filter(({ destroyed }) => !destroyed);
  expect([open.length, arrive("192.0.2.2").destroyed, cut()]).toEqual([12, false, 8]);
  // Twelve a minute: one in five seconds.
  nowMs = 5_000;
  expect([arrive("192.0.2.1").destroyed, arrive("192.0.2.1").destroyed]).toEqual([false, true]);
  expect(open.every(({ destroyed }) => !destroyed)).toBe(true);
});

test("[AB6] an address has so many connections at a time; more are cut", async () => {
  const { connect: arrive, cut } = openDoor(2, () => true);
  const [first] = [arrive("192.0.2.1"), arrive("192.0.2.1")];
  expect([arrive("192.0.2.1").destroyed, cut()]).toEqual([true, 1]);
  const closed = once(first, "close");
  first.destroy();
  await closed;
  expect(arrive("192.0.2.1").destroyed).toBe(false);
});

test("[AB101] all addresses of an IPv6 /48 together have sixteen times the connections of one; others have room", async () => {
  const { connect: arrive, cut } = openDoor(2, () => true);
  const sockets = Array.from({ length: 40 }, (_, index) => arrive(`2001:db8:7:${index.toString(16)}::1`));
  expect([sockets.filter(({ destroyed }) => destroyed).length, cut()]).toEqual([8, 8]);
  expect([arrive("2001:db8:8::1").destroyed, arrive("::ffff:192.0.2.1").destroyed]).toEqual([false, false]);
  const [first] = sockets;
  const closed = first && once(first, "close");
  first?.destroy();
  await closed;
  expect([arrive("2001:db8:7:999::1").destroyed, arrive("2001:db8:7:999::1").destroyed]).toEqual([false, true]);
});

test("[AB97] with this version of Node what is cut never becomes a socket, and what is let in is counted once", async () => {
  let tokens = 3;
  let cut = 0;
  let made = 0;
  const server = createServer(() => made++);
  limitConnections(server, { perAddress: 2, mayConnect: () => tokens-- > 0, handleRefused: () => cut++ });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  const { port } = server.address() as AddressInfo;
  const sockets: Socket[] = [];
  const arrive = async (): Promise<Socket> => {
    const socket = connect(port, "127.0.0.1").on("error", () => undefined);
    sockets.push(socket);
    await once(socket, "connect");
    return socket;
  };
  const [first, , third] = [await arrive(), await arrive(), await arrive()];
  await once(third.resume(), "close");
  expect([made, cut, tokens]).toEqual([2, 1, 1]);
  await once(first.resume().end(), "close");
  await expect.poll(() => arrive().then(() => made)).toBe(3);
  for (const socket of sockets) socket.destroy();
  server.close();
});

test("[AB6] each connection counts as its own address, whether Node asked for it before or not", async () => {
  let cut = 0;
  const seen: string[] = [];
  const server = createServer((socket) => seen.push(connectionAddress(socket)));
  limitConnections(server, { perAddress: 1, mayConnect: () => true, handleRefused: () => cut++ });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  const { port } = server.address() as AddressInfo;
  const arrive = (localAddress: string): Socket => connect({ port, host: "127.0.0.1", localAddress }).on("error", () => undefined);
  const first = arrive("127.0.0.2");
  await expect.poll(() => seen.length).toBe(1);
  const sockets = [first, arrive("127.0.0.3")];
  await expect.poll(() => seen.length).toBe(2);
  // One that was made elsewhere, while others are open.
  const made = new FakeSocket("127.0.0.4");
  server.emit("connection", made);
  expect([seen, made.destroyed, cut]).toEqual([["127.0.0.2", "127.0.0.3", "127.0.0.4"], false, 0]);
  const refused = ["127.0.0.2", "127.0.0.3", "127.0.0.4"].map((address) => arrive(address).resume());
  await expect.poll(() => cut).toBe(3);
  for (const socket of [...sockets, ...refused, made]) socket.destroy();
  server.close();
});
