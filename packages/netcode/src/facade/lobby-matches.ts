import type { PeerId } from "../core/base/units.ts";
import type { InputSchema } from "../core/game/input-schema.ts";
import type { MatchAgreement } from "../core/ports/lobby-protocol.ts";
import type { DropCause } from "../core/ports/session.ts";
import { EarlyPackets } from "./early-packets.ts";
import { MatchRunner } from "./match-runner.ts";
import type { MatchEntry, MatchOver, MatchRunnerOptions } from "./match-runner.ts";
import { MissedMatch } from "./missed-match.ts";
import { NetcodeError } from "./netcode-error.ts";

/**
 * How long a match goes on after the lobby ended it: its last frames are still on their way to us, or ours to others. Half is one long
 * RTT with a loss in it; double lets a match that was stopped by somebody look alive.
 */
const LINGER_MS = 3_000;

/** What matches take from their lobby. */
export type MatchSurroundings<State, Schema extends InputSchema, Result> = Omit<
  MatchRunnerOptions<State, Schema, Result>,
  "agreement" | "entry" | "handleOver"
> & {
  readonly isMember: (peerId: PeerId) => boolean;
  /** A match is over on this peer (by its result, or by `stop`): the room may start another. */
  readonly handleOver: (matchNumber: number, how: MatchOver) => void;
};

/** The matches of one lobby on one peer: the running one, and the last one while others may still need its packets. */
export class LobbyMatches<State, Schema extends InputSchema, Result> {
  readonly #surroundings: MatchSurroundings<State, Schema, Result>;
  readonly #early = new EarlyPackets();
  #current: MatchRunner<State, Schema, Result> | undefined;
  /** The running match, if it is ours to play and could not be opened. */
  #missed: MissedMatch | undefined;
  /** Ended for the lobby; packets are still answered until then. */
  #lingering: { readonly runner: MatchRunner<State, Schema, Result>; readonly untilMs: number } | undefined;

  constructor(surroundings: MatchSurroundings<State, Schema, Result>) {
    this.#surroundings = surroundings;
  }

  /** The match that is being played, if we have a seat in it. */
  get current(): MatchRunner<State, Schema, Result> | undefined {
    return this.#current;
  }

  /** The same, until we are out of it: what a game has as its match. */
  get shown(): MatchRunner<State, Schema, Result> | undefined {
    return this.#current?.isOut === true ? undefined : this.#current;
  }

  /** Any match that wants frames or packets. */
  get active(): boolean {
    return (this.#current !== undefined && this.#current.phase !== "closed") || this.#lingering !== undefined;
  }

  /** The lobby started a match. `undefined` when we have no seat in it: we wait for the next. Throws what the game's `init` throws, and for an agreement that cannot be played. */
  start(agreement: MatchAgreement): MatchRunner<State, Schema, Result> | undefined {
    this.dispose();
    return this.#hasSeat(agreement) ? this.#openOurs(agreement, "player") : undefined;
  }

  /** A match runs that we come back to, if we have a seat in it. One that cannot be played is reported: our place in the lobby does not depend on it. */
  return(agreement: MatchAgreement): void {
    try {
      if (this.#hasSeat(agreement)) this.#openOurs(agreement, "return");
    } catch (error) {
      this.#surroundings.page.reportError(error);
    }
  }

  /** Follows a match in which we have no seat. Throws as `start` does. */
  watch(agreement: MatchAgreement): MatchRunner<State, Schema, Result> {
    this.dispose();
    return this.#open(agreement, "watch");
  }

  #hasSeat({ seats }: MatchAgreement): boolean {
    return seats.some((seat) => seat.kind === "person" && seat.peerId === this.#surroundings.localPeerId);
  }

  #openOurs(agreement: MatchAgreement, entry: MatchEntry): MatchRunner<State, Schema, Result> {
    try {
      return this.#open(agreement, entry);
    } catch (error) {
      const { nowMs, localPeerId, transmit } = this.#surroundings;
      this.#missed = new MissedMatch(agreement, { nowMs: nowMs(), localPeerId, transmit });
      throw error;
    }
  }

  #open(agreement: MatchAgreement, entry: MatchEntry): MatchRunner<State, Schema, Result> {
    const { handleOver } = this.#surroundings;
    this.#checkPlayable(agreement);
    const runner = new MatchRunner({
      ...this.#surroundings,
      agreement,
      entry,
      handleOver: (how) => handleOver(agreement.matchNumber, how),
    });
    this.#current = runner;
    return runner;
  }

  /** The lobby ended match `matchNumber`. */
  end(nowMs: number, matchNumber: number): void {
    if (this.#missed?.matchNumber === matchNumber) this.#missed = undefined;
    const runner = this.#current;
    if (runner?.matchNumber !== matchNumber) return;
    this.#current = undefined;
    this.#lingering = { runner, untilMs: nowMs + LINGER_MS };
  }

  tick(nowMs: number): void {
    const { isMember, handleOver } = this.#surroundings;
    const current = this.#current;
    this.#giveEarly(nowMs);
    current?.tick(nowMs);
    // Stopped by each for itself, left by those who dropped us, or by all at once when they reload: nobody would bring it to a result, and it would keep the room shut.
    if (current?.isDeserted(nowMs, isMember) === true) handleOver(current.matchNumber, "result");
    const missed = this.#missed;
    if (missed?.isDeserted(isMember) === true) handleOver(missed.matchNumber, "result");
    const lingering = this.#lingering;
    if (lingering === undefined) return;
    lingering.runner.tick(nowMs);
    if (nowMs < lingering.untilMs) return;
    this.#lingering = undefined;
    // A result is on the screen: that picture stays until the next match.
    if (lingering.runner.phase !== "ended") lingering.runner.close();
  }

  /** Every session's packet has its match epoch in the second byte (docs/wire/rollback.md). */
  handlePacket(nowMs: number, from: PeerId, bytes: Uint8Array): void {
    const matchEpoch = bytes[1];
    if (this.#current?.matchEpoch === matchEpoch) {
      this.#giveEarly(nowMs);
      this.#current?.handlePacket(nowMs, from, bytes);
    } else if (this.#missed?.matchEpoch === matchEpoch) this.#missed?.handlePacket(nowMs, from, bytes);
    else if (this.#lingering?.runner.matchEpoch === matchEpoch) this.#lingering?.runner.handlePacket(nowMs, from, bytes);
    else this.#early.keep(nowMs, from, bytes);
  }

  /** Not at once when the match is opened: whoever awaits it has to be able to listen before anything happens in it. */
  #giveEarly(nowMs: number): void {
    const match = this.#current ?? this.#missed;
    if (match === undefined) return;
    for (const { from, bytes } of this.#early.takeAll(nowMs)) match.handlePacket(nowMs, from, bytes);
  }

  handlePeerGone(nowMs: number, peerId: PeerId, cause: DropCause): void {
    this.#current?.handlePeerGone(nowMs, peerId, cause);
    this.#lingering?.runner.handlePeerGone(nowMs, peerId, cause);
  }

  /** A peer id is gone for good; `after`: what the same member is called now. */
  handlePeerRemoved(nowMs: number, before: PeerId, cause: DropCause, after: PeerId | undefined): void {
    this.#current?.handlePeerRemoved(nowMs, before, cause, after);
    this.#lingering?.runner.handlePeerRemoved(nowMs, before, cause, after);
    this.#missed?.handlePeerRemoved(before, after);
  }

  /** We go: the others play on without waiting for us. */
  sayLeft(): void {
    this.#current?.sayLeft();
    this.#lingering?.runner.sayLeft();
  }

  /** Ends and frees whatever is there. `cause`: why, where it is no wish of the game's. */
  dispose(cause?: NetcodeError): void {
    const runners = [this.#lingering?.runner, this.#current];
    this.#lingering = undefined;
    this.#current = undefined;
    this.#missed = undefined;
    for (const runner of runners) runner?.close({ cause });
  }

  /** An agreement comes off the wire: what the game and the session take for granted is checked here. */
  #checkPlayable({ seats }: MatchAgreement): void {
    const [fewest, most] = this.#surroundings.game.players;
    if (seats.length < fewest || seats.length > most) {
      throw new NetcodeError("BAD_REQUEST", { message: `This game cannot play a match of ${seats.length} seats.` });
    }
  }
}
