/** A kick on real connections, with a real broker, at a member that the broker does not reach. */
import { createBroker, type Broker } from "@rollcall/broker";
import type { Lobby } from "@rollcall/netcode";
import { hostLobby, joinLobby } from "@rollcall/netcode/node";
import { once } from "node:events";
import { connect, createServer, type Server, type Socket } from "node:net";
import { afterAll, beforeAll, expect, test } from "vitest";
import { sprint } from "./sprint-game.ts";
import { until } from "./until.ts";

type SprintLobby = Lobby<ReturnType<typeof sprint.init>, typeof sprint.input>;

/** Between one member and the broker. */
class Line {
  readonly #pairs: (readonly [Socket, Socket])[] = [];
  readonly #server: Server;

  private constructor(target: URL) {
    this.#server = createServer((near) => {
      const far = connect(Number(target.port), target.hostname);
      for (const socket of [near, far]) socket.on("error", () => socket.destroy());
      this.#pairs.push([near, far]);
      near.pipe(far).pipe(near);
    });
  }

  static async open(target: string): Promise<Line> {
    const line = new Line(new URL(target));
    line.#server.listen(0, "127.0.0.1");
    await once(line.#server, "listening");
    return line;
  }

  get address(): string {
    const address = this.#server.address();
    if (address === null || typeof address === "string") throw new Error("not listening");
    return `http://127.0.0.1:${address.port}`;
  }

  /** Nothing passes, and neither end hears of it. */
  hold(): void {
    for (const socket of this.#pairs.flat()) socket.unpipe().pause();
  }

  /** Everything passes, what waited too. */
  release(): void {
    for (const [near, far] of this.#pairs) near.pipe(far).pipe(near);
  }

  close(): void {
    for (const socket of this.#pairs.flat()) socket.destroy();
    this.#server.close();
  }
}

let broker: Broker;
let line: Line;

beforeAll(async () => {
  broker = await createBroker({ host: "127.0.0.1" });
  line = await Line.open(broker.address);
});

afterAll(async () => {
  line.close();
  await broker.close();
});

const linkedTo = ({ peers }: SprintLobby, count: number): boolean =>
  peers.length === count && peers.every(({ status }) => status === "open");

test("[TK75] a kick is heard from the other members, with the broker's signature, while the line to the broker is dead; later the broker tells nothing new", async () => {
  const host = await hostLobby({ game: sprint, name: "Ada", broker: broker.address });
  const bob = await joinLobby(host.code, { game: sprint, name: "Bob", broker: broker.address });
  const cyd = await joinLobby(host.code, { game: sprint, name: "Cyd", broker: line.address });
  await until(() => [host, bob, cyd].every((lobby) => linkedTo(lobby, 2)));
  const told: string[] = [];
  cyd.on("member-left", ({ profile }, reason) => told.push(`${profile.name} ${reason}`));
  line.hold();
  await host.kick(bob.me.peerId);
  await until(() => told.length > 0);
  expect(told).toEqual(["Bob kicked"]);
  // It does not know yet that its line is dead.
  expect(cyd.brokerConnected).toBe(true);
  expect(cyd.state.members.map(({ profile }) => profile.name)).toEqual(["Ada", "Cyd"]);
  expect(linkedTo(cyd, 1)).toBe(true);
  line.release();
  await host.setSettings("said after the kick");
  await until(() => cyd.state.settings === "said after the kick");
  expect(told).toEqual(["Bob kicked"]);
  expect(cyd.state).toEqual(host.state);
  await Promise.all([host, cyd].map((lobby) => lobby.leave()));
});
