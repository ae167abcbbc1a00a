/** The lobby's host as a process of its own, which is killed. */
import { createBroker, type Broker } from "@rollcall/broker";
import type { Lobby } from "@rollcall/netcode";
import { joinLobby } from "@rollcall/netcode/node";
import { spawn } from "node:child_process";
import { once } from "node:events";
import { fileURLToPath } from "node:url";
import { afterAll, beforeAll, expect, test } from "vitest";
import { sprint } from "./sprint-game.ts";

const HOST = `
  import { hostLobby } from "@rollcall/netcode/node";
  import { sprint } from "./sprint-game.ts";
  const lobby = await hostLobby({ game: sprint, name: "Ada", broker: process.argv[1] });
  console.log(lobby.code);
`;

let broker: Broker;

beforeAll(async () => {
  broker = await createBroker({ host: "127.0.0.1" });
});

afterAll(() => broker.close());

type SprintLobby = Lobby<ReturnType<typeof sprint.init>, typeof sprint.input>;

function nextHost(lobby: SprintLobby): Promise<string> {
  return new Promise((resolve) => {
    const stop = lobby.on("host-changed", ({ profile }) => {
      stop();
      resolve(profile.name);
    });
  });
}

test("[BR96] a host whose process is killed is followed by the next member, in the next epoch; one that leaves, at once", async () => {
  const args = ["--conditions=@rollcall/source", "--import", "tsx", "--input-type=module", "--eval", HOST, broker.address];
  const child = spawn(process.execPath, args, { cwd: fileURLToPath(new URL(".", import.meta.url)), stdio: ["ignore", "pipe", "inherit"] });
  const [line] = (await once(child.stdout, "data")) as [Buffer];
  const code = line.toString().trim();
  const lobbies: SprintLobby[] = [];
  for (const name of ["Bob", "Cyd"]) lobbies.push(await joinLobby(code, { game: sprint, name, broker: broker.address }));
  const [bob, cyd] = lobbies;
  if (bob === undefined || cyd === undefined) throw new Error("nobody joined");
  expect(bob.state.members.find(({ peerId }) => peerId === bob.state.hostId)?.profile.name).toBe("Ada");

  const successors = Promise.all(lobbies.map(nextHost));
  child.kill("SIGKILL");
  expect(await successors).toEqual(["Bob", "Bob"]);
  expect([bob.isHost, cyd.isHost]).toEqual([true, false]);
  expect([bob.state.hostEpoch, cyd.state.hostEpoch]).toEqual([2, 2]);
  // The seat of the killed process is kept, the role is not.
  expect(bob.state.members).toHaveLength(3);
  await bob.setMetadata("Bob's");
  await expect(cyd.setMetadata("Cyd's")).rejects.toMatchObject({ code: "NOT_HOST" });

  const last = nextHost(cyd);
  await bob.leave();
  expect(await last).toBe("Cyd");
  await cyd.setMetadata("Cyd's");
  expect(cyd.state).toMatchObject({ hostEpoch: 3, metadata: "Cyd's" });
  await cyd.leave();
});
