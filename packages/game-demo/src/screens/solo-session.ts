import type { Gateway, RubberbandMatch } from "../net/gateway.ts";
import { openDialog } from "./dialog.ts";
import { element } from "./element.ts";
import { listenMatchKeys } from "./match-keys.ts";
import { matchSeats } from "./match-model.ts";
import { MatchScreen } from "./match-screen.ts";
import { ResultScreen } from "./result-screen.ts";
import { botProfiles } from "./room-model.ts";
import type { Shell } from "./shell.ts";
import { strings } from "./strings.ts";

/** Five rivals: a full platform, and room to run. */
const BOTS = 5;
/** Short: somebody who only wants a look. */
const ROUNDS = 3;

/** You against bots, on this device alone. */
export class SoloSession {
  readonly #shell: Shell;
  readonly #gateway: Gateway;
  #match: RubberbandMatch | undefined;
  #stopKeys: (() => void) | undefined;

  constructor(shell: Shell, gateway: Gateway) {
    this.#shell = shell;
    this.#gateway = gateway;
    this.#begin();
  }

  async leave(): Promise<void> {
    this.#end();
    this.#shell.goHome();
  }

  /** Asks before a match is left. False where nothing is lost. */
  back(): boolean {
    if (this.#match === undefined || this.#match.phase === "ended") return false;
    this.#askToLeave(this.#match);
    return true;
  }

  #begin(): void {
    this.#end();
    const { identity, stage, wakeLock } = this.#shell;
    const me = { profile: { name: identity.name, colour: identity.colour, choices: null }, bot: false };
    const bots = botProfiles([identity.colour], BOTS).map((profile) => ({ profile, bot: true }));
    const match = this.#gateway.startLocal({ players: [me, ...bots], settings: { rounds: ROUNDS, seats: BOTS + 1, botSkill: "mixed" } });
    this.#match = match;
    match.on("ended", ({ result }) => this.#showResult(match, result));
    wakeLock.hold();
    stage.play(match);
    const leave = (): void => void this.leave();
    const screen = new MatchScreen({
      match,
      seats: matchSeats(match),
      code: undefined,
      chat: undefined,
      muted: stage.muted,
      onInvite: () => undefined,
      onMute: () => {
        stage.setMuted(!stage.muted);
        screen.setMuted(stage.muted);
      },
      onLeave: leave,
      onRunning: () => undefined,
    });
    this.#stopKeys = listenMatchKeys({
      onEscape: () => this.#askToLeave(match),
      onMuteKey: () => screen.setMuted(stage.muted),
      onPauseKey: () => screen.togglePause(),
    });
    this.#shell.show("match", screen);
  }

  /** Escape is pressed for many things; nobody is left alone by a match that waits. */
  #askToLeave(match: RubberbandMatch): void {
    const wasPaused = match.paused;
    if (!wasPaused) match.pause();
    openDialog({
      title: strings.match.leaveTitle,
      body: [element("p", {}, strings.match.leaveSoloText)],
      actions: [
        { text: strings.match.leaveNo },
        { text: strings.match.leaveYes, className: "button danger", act: () => void this.leave() },
      ],
      onClose: () => {
        if (!wasPaused) match.resume();
      },
    });
  }

  #showResult(match: RubberbandMatch, result: unknown): void {
    this.#stopKeys?.();
    this.#shell.wakeLock.release();
    const screen = new ResultScreen({
      seats: matchSeats(match),
      result,
      solo: true,
      onAgain: () => this.#begin(),
      onBack: () => void this.leave(),
    });
    screen.update("shown", "");
    this.#shell.show("result", screen);
  }

  #end(): void {
    this.#stopKeys?.();
    this.#match?.stop();
    this.#match = undefined;
  }
}
