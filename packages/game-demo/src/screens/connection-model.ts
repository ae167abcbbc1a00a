import type { LobbyPeer } from "@rollcall/netcode";
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

/** A way of which nothing was measured yet: there is one. */
const UNMEASURED_BARS = 1;

/** `connected`: the broker has the member's socket. A link that is open counts for more: two peers can play without the broker. */
export function connectionModel(peer: LobbyPeer | "me" | undefined, connected: boolean): ConnectionModel {
  if (peer === "me") return { text: strings.connection.you, bars: 4 };
  if (peer?.status === "open") return { text: pathText(peer), bars: barsOf(peer) };
  if (peer?.status === "suspect") return { text: strings.connection.reconnecting, bars: 1 };
  if (!connected) return { text: strings.connection.away, bars: 0 };
  return { text: peer?.status === "closed" ? strings.connection.none : strings.connection.connecting, bars: 0 };
}

function pathText({ path, rttMs }: LobbyPeer): string {
  const text = strings.connection[path];
  return path === "connecting" || rttMs === 0 ? text : strings.connection.measured(text, Math.max(1, Math.round(rttMs)));
}

function barsOf(peer: LobbyPeer): number {
  if (peer.path === "connecting") return 0;
  if (peer.rttMs === 0) return UNMEASURED_BARS;
  const step = BARS_RTT_MS.findIndex((limitMs) => peer.rttMs <= limitMs);
  const bars = step === -1 ? 1 : 4 - step;
  return Math.max(1, peer.lossRatio > LOSSY_RATIO ? bars - 1 : bars);
}
