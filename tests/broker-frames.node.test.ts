/** Real peers whose connections come to nothing, and a broker that carries their packets. */
import { createBroker } from "@rollcall/broker";
import type { Lobby } from "@rollcall/netcode";
import { botInput, hostLobby, joinLobby } from "@rollcall/netcode/node";
import { expect, test } from "vitest";
import { sprint } from "./sprint-game.ts";
import { until } from "./until.ts";

test("[BR124] two peers in a relay-only lobby whose TURN server is dead play over the broker, with equal histories, and see that they do", async () => {
  const turn = { urls: ["turn:127.0.0.1:9?transport=udp"], secret: "a secret of nobody's server" };
  const broker = await createBroker({ host: "127.0.0.1", relayFrames: true, turn });
  const host = await hostLobby({ game: sprint, name: "Ada", broker: broker.address, relayOnly: true });
  const guest = await joinLobby(host.code, { game: sprint, name: "Bob", broker: broker.address });
  const all: Lobby<ReturnType<typeof sprint.init>, typeof sprint.input>[] = [host, guest];
  await until(() => all.every(({ peers }) => peers[0]?.status === "open"));
  expect(all.map(({ peers }) => peers[0]?.path)).toEqual(["broker", "broker"]);
  const matches = await Promise.all([host.start(), guest.nextMatch()]);
  matches.forEach((match, index) => match.run({ input: botInput(sprint, match, index) }));
  const [left, right] = await Promise.all(matches.map((match) => match.ended));
  expect(right).toEqual(left);
  expect(matches.map((match) => match.stats().peers[0]?.path)).toEqual(["broker", "broker"]);
  await Promise.all(all.map((lobby) => lobby.leave()));
  await broker.close();
});
