import type { GoneReason, Member, PeerId } from "@rollcall/netcode";
import type { RubberbandLobby } from "../net/gateway.ts";
import { memberName, peopleCount, seatCount } from "./room-model.ts";
import { strings } from "./strings.ts";
import { personKey, type Toasts } from "./toasts.ts";

/**
 * Says who is gone, and who is host for it, as one note: on a phone two of them cover what is played on. And who is back of those: a member whom only the lobby server
 * had lost was never gone from here. Returns how to stop.
 */
export function noteDepartures(lobby: RubberbandLobby, toasts: Toasts): (() => void)[] {
  let { hostId } = lobby.state;
  let gone: { readonly peerId: PeerId; readonly key: string; readonly text: string } | undefined;
  // By name, as their notes.
  const away = new Set<string>();
  let heir: { readonly of: PeerId; readonly text: string } | undefined;
  return [
    lobby.on("member-gone", (member, reason) => {
      away.add(memberName(member));
      gone = { peerId: member.peerId, key: rosterKey(lobby, member), text: goneText(lobby, member, reason) };
      if (heir?.of !== member.peerId || !toasts.says("host", heir.text)) return toasts.show(gone.key, gone.text);
      toasts.hide("host");
      toasts.show(gone.key, strings.toast.both(gone.text, heir.text));
    }),
    lobby.on("member-returned", (member) => {
      const name = memberName(member);
      if (away.delete(name)) toasts.show(rosterKey(lobby, member), strings.toast.returned(name));
    }),
    lobby.on("host-changed", (member) => {
      const text = member.peerId === lobby.me.peerId ? strings.toast.youHost : strings.toast.newHost(memberName(member));
      heir = { of: hostId, text };
      if (gone?.peerId === hostId && toasts.says(gone.key, gone.text)) toasts.show(gone.key, strings.toast.both(gone.text, text));
      else toasts.show("host", text);
      hostId = member.peerId;
    }),
  ];
}

/** The room has one note of who comes and goes; over a match each player has one, which the match says more in. */
export function rosterKey(lobby: RubberbandLobby, member: Member): string {
  return lobby.match === undefined ? "roster" : personKey(memberName(member));
}

function goneText(lobby: RubberbandLobby, member: Member, reason: GoneReason): string {
  const { toast } = strings;
  const name = memberName(member);
  const { match } = lobby.state;
  const plays = match?.seats.some((seat) => seat.kind === "person" && seat.peerId === member.peerId) === true;
  if (lobby.match !== undefined && plays) return toast.botPlaysOn(toast.gone[reason](name));
  if (reason === "left") return toast.left(name, peopleCount(lobby), seatCount(lobby));
  return reason === "kicked" ? toast.gone.kicked(name) : toast.seatKept(toast.gone[reason](name));
}
