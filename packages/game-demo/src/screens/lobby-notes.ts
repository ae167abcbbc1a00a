import type { Member } from "@rollcall/netcode";
import type { RubberbandLobby } from "../net/gateway.ts";
import { noteDepartures, rosterKey } from "./departure-notes.ts";
import { memberName, peopleCount, seatCount } from "./room-model.ts";
import { strings } from "./strings.ts";
import type { Toasts } from "./toasts.ts";

/** Says what happens in the lobby, as toasts and to screen readers. Returns how to stop. */
export function noteLobby(lobby: RubberbandLobby, toasts: Toasts): () => void {
  // After an outage we hear our own going and coming, too; that is told as the lobby's.
  const isOther = (member: Member): boolean => member.peerId !== lobby.me.peerId;
  let { locked } = lobby.state;
  let { listed } = lobby.state.door;
  const stops = [
    ...noteDepartures(lobby, toasts),
    lobby.on("member-joined", (member) => toasts.show(rosterKey(lobby, member), joinedText(lobby, member))),
    lobby.on("member-left", (member, reason) => {
      if (reason === "expired") toasts.show(rosterKey(lobby, member), strings.toast.expired(memberName(member)));
    }),
    lobby.on("peer-unreachable", (member, error) => {
      const isKnownBy = error.code !== "IDENTITY_MISMATCH" && error.code !== "NOT_INVITED";
      const say = isKnownBy ? strings.toast.unreachable : strings.toast.unproved;
      toasts.show("roster", say(memberName(member), isKnownBy ? error.remedy : `${error.message} ${error.remedy}`));
    }),
    lobby.on("role-changed", (member) => {
      const plays = isOther(member) ? strings.toast.nowPlays(memberName(member)) : strings.toast.youPlay;
      if (member.role === undefined) toasts.show("roster", plays);
      else if (member.role === "spectator")
        toasts.show("roster", isOther(member) ? strings.toast.nowWatches(memberName(member)) : strings.toast.youWatch);
    }),
    lobby.on("change", () => {
      const { state } = lobby;
      if (state.locked !== locked) toasts.show("locked", state.locked ? strings.toast.locked : strings.toast.unlocked);
      if (state.door.listed !== listed) toasts.show("listed", state.door.listed ? strings.toast.listed : strings.toast.unlisted);
      ({ locked } = state);
      ({ listed } = state.door);
    }),
    lobby.on("idle-warning", (closesInMs) => toasts.show("idle", strings.room.idle(closesInMs / 60_000))),
    lobby.on("broker-lost", () => toasts.show("broker", strings.toast.brokerLost, true)),
    lobby.on("broker-back", () => toasts.show("broker", strings.toast.brokerBack)),
  ];
  return () => {
    for (const stop of stops) stop();
    toasts.clear();
  };
}

function joinedText(lobby: RubberbandLobby, member: Member): string {
  const { toast } = strings;
  const name = memberName(member);
  if (member.role === "spectator") return toast.nowWatches(name);
  return member.role === "queued" ? toast.nowWaits(name) : toast.joined(name, peopleCount(lobby), seatCount(lobby));
}
