import { afterAll, beforeAll, expect, test } from "vitest";
import { createBroker, type Broker } from "../src/index.ts";
import { admission, GAME, LobbyClient, profile, refusal } from "./lobby-client.ts";

let broker: Broker;

beforeAll(async () => {
  broker = await createBroker({
    host: "127.0.0.1",
    iceServers: [{ urls: ["turn:turn.example"], username: "u", credential: "p" }],
    // Many clients of one address.
    limits: { opensPerMinute: 1_000, wrongCodesPerMinute: 1_000, lobbiesPerMinute: 1_000 },
  });
});

afterAll(() => broker.close());

const open = (): Promise<LobbyClient> => LobbyClient.open(broker.port);

/** A lobby with a host and guests. */
async function lobbyOf(guests: number): Promise<{ code: string; clients: LobbyClient[]; admissions: ReturnType<typeof admission>[] }> {
  const host = await open();
  const first = await host.create();
  const clients = [host];
  const admissions = [first];
  for (let index = 0; index < guests; index++) {
    const guest = await open();
    admissions.push(admission(await guest.join(first.lobby.code, { name: `Guest ${index + 1}` })));
    clients.push(guest);
  }
  return { code: first.lobby.code, clients, admissions };
}

test("[BR1] a created lobby has a code, its host in seat 0, ICE servers, and opens to whoever types the code", async () => {
  const { code, clients, admissions } = await lobbyOf(1);
  const [hostAdmission, guestAdmission] = admissions;
  expect(code).toMatch(/^[BCDFGHJKMNPQRSTVWXYZ]{5}$/);
  expect(hostAdmission?.lobby.hostId).toBe(hostAdmission?.peerId);
  expect(hostAdmission?.iceServers).toEqual([{ urls: ["turn:turn.example"], username: "u", credential: "p" }]);
  expect(guestAdmission?.lobby.members.map(({ seat, profile: { name } }) => [seat, name])).toEqual([
    [0, "Ada"],
    [1, "Guest 1"],
  ]);
  const joined = await clients[0]?.change("member-joined");
  expect(joined?.member.peerId).toBe(guestAdmission?.peerId);
  const third = await open();
  expect((await third.join(` ${code.slice(0, 3).toLowerCase()}-${code.slice(3)} `)).ok).toBe(true);
});
