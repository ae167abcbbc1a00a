import {
  LOBBY_PROTOCOL_VERSION,
  LOBBY_TIMES,
  parseBrokerMessage,
  type BrokerMessage,
  type LobbyState,
} from "@rollcall/netcode/lobby-protocol";
import { expect, test, vi } from "vitest";
import { named, TAG } from "./lobby-fixture.ts";
import { PageKey } from "./page-key.ts";
import { useVirtualTime } from "./virtual-time.ts";
import { VirtualBroker } from "./virtual-broker.ts";

useVirtualTime();

/** Somebody with a socket in memory, who asks for a quick match. */
class Visitor {
  readonly heard: BrokerMessage[] = [];
  readonly #socket: ReturnType<VirtualBroker["connect"]>;

  constructor(broker: VirtualBroker) {
    this.#socket = broker.connect(
      (text) => {
        const parsed = parseBrokerMessage(text);
        if (parsed.ok) this.heard.push(parsed.value);
      },
      () => undefined,
    );
  }

  ask(name: string): void {
    const command = {
      type: "quick-match",
      protocol: LOBBY_PROTOCOL_VERSION,
      key: new PageKey().key,
      game: TAG,
      profile: named(name),
      filter: {},
    };
    this.say({ request: 1, command: { ...command, capacity: 4, settings: null, metadata: null } });
  }

  say(message: unknown): void {
    this.#socket.emit("message", Buffer.from(JSON.stringify(message)), false);
  }

  hangUp(): void {
    this.#socket.close();
  }

  get lobby(): LobbyState | undefined {
    const [reply] = this.heard.flatMap((message) => ("reply" in message && message.ok && message.result !== null ? [message.result] : []));
    return reply !== undefined && "lobby" in reply ? reply.lobby : undefined;
  }
}

async function settle(ms = 0): Promise<void> {
  await vi.advanceTimersByTimeAsync(ms);
}

test("[LS20] a quick match whose socket closed before the answer leaves no seat; one that was not heard after it keeps it for five seconds, one that was for the usual time", async () => {
  const broker = new VirtualBroker();
  const ada = new Visitor(broker);
  ada.ask("ada");
  await settle();
  const { code } = ada.lobby ?? {};
  if (code === undefined) throw new Error("no lobby");
  const names = async (): Promise<unknown> => (await broker.lobby(code))?.lobby.members.map(({ profile }) => profile.name);
  const early = new Visitor(broker);
  early.ask("early");
  early.hangUp();
  await settle();
  expect(await names()).toEqual(["ada"]);
  const [deaf, bob] = [new Visitor(broker), new Visitor(broker)];
  deaf.ask("deaf");
  bob.ask("bob");
  await settle();
  bob.say({ ping: 1 });
  await settle();
  for (const visitor of [deaf, bob]) visitor.hangUp();
  await settle(LOBBY_TIMES.unheardSeatKeptMs - 100);
  expect(await names()).toEqual(["ada", "deaf", "bob"]);
  await settle(200);
  expect(await names()).toEqual(["ada", "bob"]);
  await settle(LOBBY_TIMES.seatKeptMs);
  expect(await names()).toEqual(["ada"]);
});
