import type { LobbyChat, PeerId } from "@rollcall/netcode";
import type { RubberbandMatch } from "../net/gateway.ts";
import { element, setText } from "./element.ts";
import { icon } from "./icon.ts";
import { keepFocus } from "./keep-focus.ts";
import { lookIcon } from "./look-icon.ts";
import { spellCode } from "./lobby-code-text.ts";
import { MatchChat } from "./match-chat.ts";
import type { MatchSeatModel } from "./match-model.ts";
import { PausedCard } from "./paused-card.ts";
import { strings } from "./strings.ts";

/** Fine enough that no second is shown late, far above what a hidden tab's timers give. */
const COUNTDOWN_STEP_MS = 100;
/** How long "Go!" stays. */
const GO_MS = 700;

export interface MatchScreenOptions {
  readonly match: RubberbandMatch;
  readonly seats: readonly MatchSeatModel[];
  /** `undefined` when playing alone. */
  readonly code: string | undefined;
  /** `undefined` when playing alone. */
  readonly chat: LobbyChat | undefined;
  readonly muted: boolean;
  readonly onInvite: () => void;
  readonly onMute: () => void;
  readonly onLeave: () => void;
  readonly onRunning: () => void;
}

/** What lies over a match: the countdown, the code, mute and leave. The match itself is the arena's. */
export class MatchScreen {
  readonly root: HTMLElement;
  readonly heading: HTMLElement = element("h1", { class: "visually-hidden", tabindex: "-1" }, strings.match.heading);
  readonly #options: MatchScreenOptions;
  readonly #mute: HTMLButtonElement;
  readonly #number: HTMLElement = element("strong", { class: "countdown-number", "data-testid": "countdown" });
  readonly #countdown: HTMLElement;
  readonly #pause: HTMLButtonElement;
  readonly #paused: PausedCard;
  readonly #chat: MatchChat | undefined;
  readonly #watching: HTMLElement = element("div", { class: "watching panel", "data-testid": "watching" });
  readonly #stopsListening: readonly (() => void)[];
  readonly #timer: number;

  constructor(options: MatchScreenOptions) {
    this.#options = options;
    this.#mute = element("button", { type: "button", class: "icon-button hud-button", onclick: this.#press(options.onMute) });
    this.#countdown = this.#countdownCard();
    this.#pause = element("button", { type: "button", class: "icon-button hud-button", onclick: this.#press(() => this.togglePause()) });
    this.#paused = new PausedCard(() => options.match.resume());
    this.#chat = options.chat === undefined ? undefined : new MatchChat(options.chat, () => this.heading.focus());
    const leave = {
      type: "button",
      class: "icon-button hud-button",
      "aria-label": strings.match.leave,
      title: strings.match.leave,
      onclick: this.#press(options.onLeave),
    };
    this.root = element(
      "div",
      { class: "screen match" },
      this.heading,
      element("div", { class: "hud" }, this.#chip(), this.#chatButton(), this.#pause, this.#mute, element("button", leave, icon("leave"))),
      this.#watching,
      this.#countdown,
      this.#paused.root,
      this.#chat?.root ?? "",
    );
    this.setMuted(options.muted);
    this.#showPause(undefined);
    this.update();
    const { match } = options;
    this.#stopsListening = [match.on("paused", (peerId) => this.#showPause(peerId)), match.on("resumed", () => this.#showPause(undefined))];
    this.#timer = window.setInterval(() => this.#tickCountdown(), COUNTDOWN_STEP_MS);
    this.#tickCountdown();
  }

  /** What we are in the match has changed. */
  update(): void {
    const { match, seats } = this.#options;
    // Who does not play stops nothing.
    this.#pause.hidden = match.role !== "player";
    this.#paused.setMayGoOn(match.role === "player");
    this.#watching.hidden = match.role === "player";
    const isReturning = match.role === "returning";
    const bot = isReturning ? -1 : seats.findIndex((seat) => seat.isBot);
    keepFocus(
      this.#watching,
      () => this.#watching.replaceChildren(element("p", {}, isReturning ? strings.match.returning : strings.match.watching)),
      () => this.heading,
    );
    if (bot < 0) return;
    const take = { type: "button", class: "button", onclick: this.#press(() => match.takeSeats([bot])) };
    this.#watching.append(element("button", take, strings.match.takeSeat(seats[bot]?.name ?? "")));
  }

  setMuted(muted: boolean): void {
    // The name stays, the state is told by `aria-pressed`.
    this.#mute.setAttribute("aria-label", strings.match.mute);
    this.#mute.setAttribute("aria-pressed", String(muted));
    this.#mute.replaceChildren(icon(muted ? "muted" : "sound"));
  }

  /** For the button and for the key. Enter snaps for the second of two players at one keyboard. */
  openChat(key?: "Enter" | "T"): void {
    if (key !== "Enter" || this.#options.match.localPlayers.length < 2) this.#chat?.open();
  }

  /** For the button and for the key. Everybody's game stands still, or goes on. */
  togglePause(): void {
    const { match } = this.#options;
    if (match.paused) match.resume();
    else match.pause();
  }

  dispose(): void {
    window.clearInterval(this.#timer);
    for (const stop of this.#stopsListening) stop();
    this.#chat?.dispose();
  }

  #showPause(by: PeerId | undefined): void {
    const label = by === undefined ? strings.match.pause : strings.match.goOn;
    this.#pause.setAttribute("aria-label", label);
    this.#pause.setAttribute("title", `${label} (P)`);
    this.#pause.replaceChildren(icon(by === undefined ? "pause" : "play"));
    const seat = this.#options.seats.find((one) => one.peerId === by);
    this.#paused.show(
      by === undefined ? undefined : seat === undefined || seat.isLocal ? strings.match.pausedByMe : strings.match.paused(seat.name),
    );
  }

  /** A button that was clicked gives the focus away again, or the next Space, meant for the game, would press it once more. */
  #press(act: () => void): (event: Event) => void {
    return (event) => {
      // Zero for a press by keyboard: there the focus has to stay.
      if (event instanceof MouseEvent && event.detail > 0) this.heading.focus();
      act();
    };
  }

  #chip(): HTMLElement | undefined {
    const { code, onInvite } = this.#options;
    if (code === undefined) return undefined;
    const letters = element("span", { class: "code-letters", "aria-hidden": "true", "data-testid": "lobby-code" });
    letters.append(element("span", {}, code.slice(0, 3)), element("span", {}, code.slice(3)));
    const label = `${strings.match.invite}. ${strings.room.spelled(spellCode(code))}`;
    return element(
      "button",
      { type: "button", class: "chip", "aria-label": label, title: strings.match.invite, onclick: this.#press(onInvite) },
      icon("invite"),
      letters,
    );
  }

  #chatButton(): HTMLElement | undefined {
    if (this.#chat === undefined) return undefined;
    const label = { "aria-label": strings.chat.open, title: `${strings.chat.open} (T)` };
    return element("button", { type: "button", class: "icon-button hud-button", ...label, onclick: () => this.openChat() }, icon("chat"));
  }

  #countdownCard(): HTMLElement {
    const { seats } = this.#options;
    return element(
      "div",
      { class: "countdown", "data-testid": "countdown-card" },
      element("p", { class: "countdown-label" }, strings.match.countdown),
      this.#number,
      element(
        "ul",
        { class: "line-up", role: "list" },
        ...seats.map((seat) =>
          element("li", { class: seat.isLocal ? "line-up-me" : "" }, lookIcon(seat.colour), element("span", {}, seat.name)),
        ),
      ),
    );
  }

  #tickCountdown(): void {
    const { match, onRunning } = this.#options;
    if (match.phase === "countdown") {
      const seconds = String(Math.max(1, Math.ceil(match.countdownMs / 1_000)));
      if (this.#number.textContent === seconds) return;
      setText(this.#number, seconds);
      restartAnimation(this.#number);
      return;
    }
    window.clearInterval(this.#timer);
    // Alone there is no countdown, and so no "Go!".
    if (this.#number.textContent === "") this.#countdown.remove();
    else this.#showGo();
    onRunning();
  }

  #showGo(): void {
    setText(this.#number, strings.match.go);
    this.#countdown.classList.add("going");
    window.setTimeout(() => this.#countdown.remove(), GO_MS);
  }
}

function restartAnimation(node: HTMLElement): void {
  node.classList.remove("beat");
  // Reading a size makes the browser notice the class is gone.
  node.getBoundingClientRect();
  node.classList.add("beat");
}
