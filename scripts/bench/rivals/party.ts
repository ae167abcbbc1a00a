import type { BenchPeer } from "./bench-peer.ts";

/** The two data channels that a browser game has: ordered and resent, or neither. */
export type Channel = "reliable" | "unreliable";

/** A package under test: sets two peers up so that both play from about the same time on, each by its own timers. The first is the host. */
export interface Party {
  /** Before the clock of the figures starts: what a lobby would do. `pass` lets virtual time go on. */
  prepare(host: BenchPeer, guest: BenchPeer, pass: (ms: number) => Promise<void>): Promise<void>;
  /** The match begins. */
  start(): void;
}

/** The names of the parties, as the command line of the child has them. */
export const PARTY_NAMES = ["netplayjs", "rollback-netcode", "rollcall-plain", "rollcall-typed"] as const;
export type PartyName = (typeof PARTY_NAMES)[number];
