import { describe, expect, test } from "vitest";
import type { PeerId } from "../src/core/base/units.ts";
import { hostLobby, joinLobby, resumeLobby } from "../src/facade/enter-lobby.ts";
import type { NetcodeErrorLike } from "../src/facade/error-types.ts";
import type { HostOptions } from "../src/facade/lobby-types.ts";
import { errorOf, join, openRoom, options, type Room, type TagLobby } from "./facade-room.ts";
import { FacadeWorld } from "./facade-world.ts";
import type { TagInput, TagState } from "./tag-game.ts";

const verifiedBy = (lobby: TagLobby): (string | undefined)[] => lobby.peers.map(({ verified }) => verified);

/** By the link of the host. */
async function joinByLink(room: Room, name: string, link = `https://play.test/?x=y#j=${room.host.invite}`): Promise<TagLobby> {
  const page = room.world.page();
  const lobby = await room.world.until(joinLobby(page.environment, link, options(name)));
  room.pages.push(page);
  room.lobbies.push(lobby);
  return lobby;
}

const openAlone = (hostOptions: Partial<HostOptions<TagState, TagInput>> = {}): Promise<Room> => openRoom(0, hostOptions);

function failuresOf(lobby: TagLobby): string[] {
  const codes: string[] = [];
  lobby.on("peer-unreachable", (_member, error: NetcodeErrorLike) => codes.push(error.code));
  return codes;
}

describe("invites", () => {
  test("[ID31] who comes by the link is known by its secret, who comes by the code by its key alone", async () => {
    const room = await openAlone();
    expect(room.host.invite).toMatch(/^KXRTM\.[A-Za-z0-9_-]{23}$/);
    const bob = await joinByLink(room, "Bob");
    const cyd = await join(room, "Cyd");
    await room.world.runUntil(() => room.lobbies.every((lobby) => lobby.peers.every((peer) => peer.status === "open")));
    expect([room.host, bob, cyd].map(verifiedBy)).toEqual([
      ["invite", "key"],
      ["invite", "key"],
      ["key", "key"],
    ]);
    expect([bob.invite, cyd.invite]).toEqual([room.host.invite, undefined]);
    expect(room.host.security).toEqual({ crypto: "fallback", inviteOnly: false });
  });

  test("[ID32] no frame to the broker has the secret in it, and each lobby has another", async () => {
    const room = await openAlone();
    const secret = room.host.invite?.split(".")[1] ?? "";
    await joinByLink(room, "Bob");
    const page = await room.pages[1]?.reload();
    if (page === undefined) throw new Error("expected: a page");
    await room.world.until(resumeLobby(page.environment, options("")));
    const other = await room.world.until(hostLobby(room.world.page().environment, options("Dee")));
    expect([secret.length, other.invite?.includes(secret)]).toEqual([23, false]);
    expect(room.world.broker.received.length).toBeGreaterThan(3);
    expect(JSON.stringify(room.world.broker.received)).not.toContain(secret.slice(1, -1));
  });

  test("[ID33] a reloaded page still has the invite, and is known by it again", async () => {
    const room = await openAlone();
    await joinByLink(room, "Bob");
    const page = await room.pages[1]?.reload();
    if (page === undefined) throw new Error("expected: a page");
    const bob = await room.world.until(resumeLobby(page.environment, options("")));
    await room.world.runUntil(() => bob?.peers.every((peer) => peer.status === "open") === true);
    expect([bob?.invite, bob?.peers.map(({ verified }) => verified)]).toEqual([room.host.invite, ["invite"]]);
  });

  test("[ID34] a lobby for people with the link refuses who came by the code, and tells both; others play on", async () => {
    const room = await openAlone({ inviteOnly: true });
    const bob = await joinByLink(room, "Bob");
    expect([room.host.security.inviteOnly, bob.security.inviteOnly]).toEqual([true, true]);
    const failures = [failuresOf(room.host), failuresOf(bob)];
    const cyd = await join(room, "Cyd");
    await room.world.run(3_000);
    expect(failures).toEqual([["NOT_INVITED"], ["NOT_INVITED"]]);
    expect(cyd.peers.map(({ status }) => status)).toEqual(["closed", "closed"]);
    expect(room.host.peers.map(({ status }) => status)).toEqual(["open", "closed"]);
    await room.world.run(30_000);
    expect(failures[0]).toEqual(["NOT_INVITED"]);
  });

  test("[ID35] the link of another lobby under the same code is told as a lie", async () => {
    const room = await openAlone();
    const failures = failuresOf(room.host);
    const bob = await joinByLink(room, "Bob", `#j=KXRTM.A${"B".repeat(21)}A`);
    await room.world.run(3_000);
    expect(failures).toEqual(["IDENTITY_MISMATCH"]);
    expect([room.host, bob].map((lobby) => lobby.peers.map(({ status }) => status))).toEqual([["closed"], ["closed"]]);
  });
});

describe("a broker that lies", () => {
  test("[ID36] an id that is not that of our key is not taken", async () => {
    const world = new FacadeWorld();
    const { broker } = world;
    const handle = broker.handleMessage.bind(broker);
    // Whatever key the page sends, the broker gives it another's id.
    broker.handleMessage = (socket, message) => {
      if ("request" in message && message.command.type === "create") {
        const command = { ...message.command, key: Buffer.from("e".repeat(32)).toString("base64url") };
        return handle(socket, { ...message, command });
      }
      return handle(socket, message);
    };
    const error = await errorOf(world.until(hostLobby(world.page().environment, options("Ada"))));
    expect([error.code, error.message, error.remedy].map((text) => text.length > 10)).toEqual([true, true, true]);
    expect(error.code).toBe("IDENTITY_MISMATCH");
    expect(world.tickers.size).toBe(0);
  });

  test("[ID37] a member under an id that it has no key of gets no link, and is told", async () => {
    const room = await openAlone();
    const failures = failuresOf(room.host);
    const bob = await joinByLink(room, "Bob");
    await room.world.runUntil(() => bob.peers.every(({ status }) => status === "open"));
    // The broker invents somebody, and answers the host's dial in that name with a page of its own.
    const eve = room.world.page();
    const invented = "e".repeat(32) as PeerId;
    const crypto = await eve.environment.createCrypto();
    const lobby = room.world.broker.room("KXRTM");
    room.world.broker.change(lobby, {
      type: "member-joined",
      member: { peerId: invented, seat: 5, order: 99, profile: { name: "Eve", colour: 0, choices: null }, ready: false, connected: true },
    });
    const { LinkMesh, LobbyRoom: _room, createTransport } = await eve.environment.loadRoomParts();
    const { Random } = await import("../src/core/base/random.ts");
    const { Membership } = await import("../src/adapters/membership.ts");
    const { PeerLinks } = await import("../src/facade/peer-links.ts");
    const transport = createTransport({
      localPeerId: invented,
      prove: () => Promise.reject(new Error("nobody asks")),
      seals: { seal: () => Promise.reject(new Error("nobody asks")), isSealed: () => Promise.resolve(false) },
      broker: new URL("http://broker.test"),
    });
    const closed: string[] = [];
    const links = new PeerLinks({
      nowMs: () => room.world.nowMs,
      transport,
      mesh: new LinkMesh({ localPeerId: invented, game: room.host.state.game, random: new Random(1, "eve"), lobby: "KXRTM" }),
      membership: new Membership(crypto, undefined),
      handleSessionPacket: () => {},
      handleEvent: (event) => event.type === "link-closed" && closed.push(event.reason),
    });
    links.addPeer(room.host.me.peerId, "dialer");
    await room.world.run(3_000);
    expect([failures, closed]).toEqual([["IDENTITY_MISMATCH"], ["identity-mismatch"]]);
    links.dispose();
  });
});
