import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { hostLobby, joinLobby } from "../src/facade/browser-facade.ts";
import type { HostOptions, Lobby } from "../src/facade/lobby-types.ts";
import { LyingBroker, type Lies } from "./lying-broker.ts";
import { LyingSocket } from "./lying-socket.ts";
import { untilInRealTime } from "./real-time-world.ts";
import { tagGame, type TagInput, type TagState } from "./tag-game.ts";

type TagLobby = Lobby<TagState, TagInput>;

const original = globalThis.WebSocket;
const options = (name: string): HostOptions<TagState, TagInput> => ({ game: tagGame, name, broker: "http://broker.test" });
const statuses = (lobby: TagLobby): string[] => lobby.peers.map(({ status }) => status);
const verified = (lobby: TagLobby): (string | undefined)[] => lobby.peers.map((peer) => peer.verified);

let broker: LyingBroker | undefined;
const lobbies: TagLobby[] = [];

beforeEach(() => {
  globalThis.WebSocket = LyingSocket as unknown as typeof WebSocket;
});

afterEach(async () => {
  await Promise.all(lobbies.splice(0).map((lobby) => lobby.leave()));
  broker?.close();
  broker = undefined;
  globalThis.WebSocket = original;
});

/** Ada hosts, Bob comes by the code or the link; both hear what they are told about each other. */
async function meet(lies: Lies, by: "code" | "link", inviteOnly = false): Promise<{ ada: TagLobby; bob: TagLobby; told: string[] }> {
  broker = new LyingBroker(lies);
  const told: string[] = [];
  const ada = await hostLobby({ ...options("Ada"), inviteOnly });
  ada.on("peer-unreachable", (_member, { code }) => told.push(`ada ${code}`));
  lobbies.push(ada);
  const bob = await joinLobby(by === "code" ? ada.code : `https://play.test/#j=${ada.invite}`, options("Bob"));
  bob.on("peer-unreachable", (_member, { code }) => told.push(`bob ${code}`));
  lobbies.push(bob);
  await untilInRealTime(() => [ada, bob].every((lobby) => statuses(lobby).length === 1 && statuses(lobby)[0] !== "connecting"));
  return { ada, bob, told: told.sort() };
}

describe("a broker that lies, and two real pages' worth of connections", () => {
  it("[ID60] where it does not, both know each other: by the link, or by their keys", async () => {
    const { ada, bob } = await meet({}, "link");
    expect([statuses(ada), statuses(bob), verified(ada), verified(bob)]).toEqual([["open"], ["open"], ["invite"], ["invite"]]);
    expect(broker?.heard.join("")).not.toContain(ada.invite?.slice(8) ?? "");
  });

  it.each(["code", "link"] as const)(
    "[ID61] with connections of its own to both, swapping the certificates, it is refused: by %s",
    async (by) => {
      const { ada, bob, told } = await meet({ splices: true }, by);
      expect([statuses(ada), statuses(bob), told]).toEqual([["closed"], ["closed"], ["ada IDENTITY_MISMATCH", "bob IDENTITY_MISMATCH"]]);
      // It was really in between: hellos and proofs went through it.
      expect(broker?.passed).toEqual(expect.arrayContaining([0x01, 0x0f]));
    },
  );

  it("[ID62] with ids and keys of its own, a code cannot tell it: both are known by key alone", async () => {
    const { ada, bob } = await meet({ splices: true, impersonates: true }, "code");
    expect([statuses(ada), statuses(bob), verified(ada), verified(bob)]).toEqual([["open"], ["open"], ["key"], ["key"]]);
    expect(ada.peers[0]?.peerId).not.toBe(bob.me.peerId);
  });

  it("[ID63] with a link it is found out: what it cannot authenticate itself is refused", async () => {
    const { ada, bob, told } = await meet({ splices: true, impersonates: true, macs: "kept" }, "link");
    expect([statuses(ada), statuses(bob), told]).toEqual([["closed"], ["closed"], ["ada IDENTITY_MISMATCH", "bob IDENTITY_MISMATCH"]]);
    expect(broker?.passed).toEqual(expect.arrayContaining([0x01, 0x0f]));
  });

  it("[ID63] leaving that out shows as no invite, and in a lobby for people with the link it is refused", async () => {
    const open = await meet({ splices: true, impersonates: true, macs: "dropped" }, "link");
    expect([verified(open.ada), verified(open.bob)]).toEqual([["key"], ["key"]]);
    await Promise.all(lobbies.splice(0).map((lobby) => lobby.leave()));
    broker?.close();
    const { ada, bob, told } = await meet({ splices: true, impersonates: true, macs: "dropped" }, "link", true);
    expect([statuses(ada), statuses(bob), told]).toEqual([["closed"], ["closed"], ["ada NOT_INVITED", "bob NOT_INVITED"]]);
  });
});
