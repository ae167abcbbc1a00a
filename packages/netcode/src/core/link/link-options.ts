import type { Random } from "../base/random.ts";
import type { PeerId } from "../base/units.ts";
import type { GameIdentity } from "../ports/lobby-protocol.ts";
import type { LinkOutput } from "./link-output.ts";

/** The dialer starts every attempt; the acceptor answers. */
export type LinkRole = "dialer" | "acceptor";

export interface LinkOptions {
  readonly localPeerId: PeerId;
  readonly peerId: PeerId;
  readonly role: LinkRole;
  readonly game: GameIdentity;
  readonly capabilities: number;
  /** Our process, in the hello. */
  readonly instance: number;
  readonly random: Random;
  readonly output: LinkOutput;
}
