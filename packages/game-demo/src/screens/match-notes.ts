import type { PeerId } from "@rollcall/netcode";
import type { RubberbandMatch } from "../net/gateway.ts";
import type { MatchSeatModel } from "./match-model.ts";
import { strings } from "./strings.ts";
import type { Toasts } from "./toasts.ts";

/** Says how the connections of a match fare. Returns how to stop. */
export function noteMatch(match: RubberbandMatch, seats: readonly MatchSeatModel[], toasts: Toasts): () => void {
  const nameOf = (peerId: PeerId): string => seats.find((seat) => seat.peerId === peerId)?.name ?? strings.room.bot;
  const stops = [
    match.on("synchronized", () => toasts.hide("quorum")),
    match.on("suspect", (peerId) => toasts.show(peerId, strings.toast.suspect(nameOf(peerId)), true)),
    match.on("recovered", (peerId) => {
      toasts.hide("quorum");
      toasts.show(peerId, strings.toast.recovered(nameOf(peerId)));
    }),
    match.on("seat-to-bot", ({ peerId }) => {
      toasts.hide("quorum");
      toasts.show(peerId, strings.toast.seatToBot(nameOf(peerId)));
    }),
    match.on("waiting-for-quorum", () => toasts.show("quorum", strings.toast.quorum, true)),
    match.on("desync", ({ peerId }) => toasts.show("desync", strings.toast.desync(nameOf(peerId)))),
  ];
  return () => {
    for (const stop of stops) stop();
    toasts.clear();
  };
}
