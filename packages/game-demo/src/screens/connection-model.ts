import type { LobbyPeer } from "@rollcall/netcode";
import { unreachable } from "@rollcall/netcode/core";
import { strings } from "./strings.ts";

/** How one member is connected, in words and in bars. */
export interface ConnectionModel {
  readonly text: string;
  /** 0 (none) to 4. */
  readonly bars: number;
}

/** RTT up to which 4, 3 and 2 bars are shown. Rollback hides up to about 60 ms wholly; from 250 ms on corrections are plain to see. */
const BARS_RTT_MS = [60, 120, 250] as const;
/** Loss above this takes a bar: at a tenth, corrections come in bursts. */
const LOSSY_RATIO = 0.1;

/** `connected`: the broker has the member's socket. A link that is open counts for more: two peers can play without the broker. */
export function connectionModel(peer: LobbyPeer | "me" | undefined, connected: boolean): ConnectionModel {
  if (peer === "me") return { text: strings.connection.you, bars: 4 };
  if (peer === undefined) return { text: connected ? strings.connection.connecting : strings.connection.away, bars: 0 };
  switch (peer.status) {
    case "connecting":
      return { text: connected ? strings.connection.connecting : strings.connection.away, bars: 0 };
    case "suspect":
      return { text: strings.connection.reconnecting, bars: 1 };
    case "closed":
      return { text: connected ? strings.connection.none : strings.connection.away, bars: 0 };
    case "open":
      return { text: pathText(peer), bars: barsOf(peer) };
    default:
      return unreachable(peer.status);
  }
}

function pathText(peer: LobbyPeer): string {
  const rttMs = Math.max(1, Math.round(peer.rttMs));
  switch (peer.path) {
    case "direct":
      return strings.connection.direct(rttMs);
    case "turn":
      return strings.connection.turn(rttMs);
    case "peer":
      return strings.connection.peer(rttMs);
    case "broker":
      return strings.connection.broker(rttMs);
    case "connecting":
      return strings.connection.connecting;
    default:
      return unreachable(peer.path);
  }
}

function barsOf(peer: LobbyPeer): number {
  const step = BARS_RTT_MS.findIndex((limitMs) => peer.rttMs <= limitMs);
  const bars = step === -1 ? 1 : 4 - step;
  return Math.max(1, peer.lossRatio > LOSSY_RATIO ? bars - 1 : bars);
}
