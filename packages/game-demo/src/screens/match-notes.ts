import type { PeerId } from "@rollcall/netcode";
import type { RubberbandMatch } from "../net/gateway.ts";
import type { MatchSeatModel } from "./match-model.ts";
import { strings } from "./strings.ts";
import { personKey, type Toasts } from "./toasts.ts";

export interface MatchNotes {
  /** Call when frame 0 has come. */
  readonly handleRunning: () => void;
  readonly stop: () => void;
}

/** Says how the connections of a match fare. */
export function noteMatch(
  match: RubberbandMatch,
  seats: readonly MatchSeatModel[],
  toasts: Toasts,
  memberName: (peerId: PeerId) => string | undefined,
): MatchNotes {
  let isSynchronized = match.role !== "player" || seats.every((seat) => seat.isLocal || seat.isBot);
  // Who came back, or came late, has no seat by its present name.
  const nameOf = (peerId: PeerId): string => seats.find((seat) => seat.peerId === peerId)?.name ?? memberName(peerId) ?? strings.room.bot;
  const keyOf = (peerId: PeerId): string => personKey(nameOf(peerId));
  // Who follows a match is told all that happened before it came.
  const isNews = (): boolean => match.role === "player";
  const stops = [
    match.on("synchronized", () => {
      isSynchronized = true;
      toasts.hide("synchronizing");
    }),
    match.on("suspect", (peerId) => toasts.show(keyOf(peerId), strings.toast.suspect(nameOf(peerId)), true)),
    match.on("recovered", (peerId) => {
      toasts.hide("quorum");
      toasts.show(keyOf(peerId), strings.toast.recovered(nameOf(peerId)));
    }),
    match.on("seat-to-bot", ({ peerId, reason }) => {
      toasts.hide("quorum");
      const name = nameOf(peerId);
      const { botPlaysOn, gone, seatToBot } = strings.toast;
      if (isNews()) toasts.show(keyOf(peerId), reason === undefined ? seatToBot(name) : botPlaysOn(gone[reason](name)));
      else toasts.hide(keyOf(peerId));
    }),
    match.on("seat-to-player", ({ peerId, playerIndexes }) => {
      if (isNews() && !match.localPlayers.includes(playerIndexes[0] ?? -1))
        toasts.show(keyOf(peerId), strings.toast.seatToPlayer(nameOf(peerId)));
    }),
    match.on("role", (role) => {
      if (role === "returning") toasts.show("role", strings.toast.returning, true);
      else if (role === "player") toasts.show("role", strings.toast.back);
    }),
    match.on("repaired", () => toasts.show("desync", strings.toast.repaired)),
    match.on("desync-persists", () => toasts.show("desync", strings.toast.desyncPersists)),
    match.on("waiting-for-quorum", () => toasts.show("quorum", strings.toast.quorum, true)),
    match.on("desync", ({ peerId }) => toasts.show("desync", strings.toast.desync(nameOf(peerId)))),
  ];
  return {
    handleRunning: () => {
      // Until everybody has been heard from, the match stands still after its first frames.
      if (!isSynchronized) toasts.show("synchronizing", strings.toast.synchronizing, true);
    },
    stop: () => {
      for (const stop of stops) stop();
      toasts.clear();
    },
  };
}
