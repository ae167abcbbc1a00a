/** What a lobby asks of the broker beside matches. */
import { expect, test } from "vitest";
import type { LobbyCommand } from "../src/core/ports/lobby-protocol.ts";
import { openRoom, type Room } from "./facade-room.ts";

function commandsOf(room: Room, type: LobbyCommand["type"]): LobbyCommand[] {
  return room.world.broker.received.flatMap((message) => ("command" in message && message.command.type === type ? [message.command] : []));
}

test("[LS3] a game kicks for a time, lists bans and lifts them", async () => {
  const room = await openRoom(2);
  const { world, host } = room;
  const guest = room.lobbies[1]?.me.peerId ?? host.me.peerId;
  await expect(host.kick(guest, { banMs: -1 })).rejects.toMatchObject({ code: "BAD_ARGUMENT" });
  await world.until(host.kick(guest, { banMs: 60_000 }));
  expect(commandsOf(room, "kick")).toEqual([{ type: "kick", peerId: guest, banMs: 60_000 }]);
  const ban = { id: 7, name: "Bob", leftMs: 59_000 };
  world.broker.answers.set("bans", { bans: [ban] });
  expect(await world.until(host.bans())).toEqual([ban]);
  // A broker that answers something else has told of nobody.
  world.broker.answers.set("bans", { iceServers: [] });
  expect(await world.until(host.bans())).toEqual([]);
  world.broker.answers.set("unban", { bans: [] });
  await world.until(host.unban(ban));
  expect(commandsOf(room, "unban")).toEqual([{ type: "unban", ban: 7 }]);
});
