import { element, setText } from "./element.ts";
import { lookIcon } from "./look-icon.ts";
import { standings, winnerOf, type MatchSeatModel, type Standing } from "./match-model.ts";
import { strings } from "./strings.ts";

export interface ResultScreenOptions {
  readonly seats: readonly MatchSeatModel[];
  readonly result: unknown;
  /** Alone: "Play again" and back to the title. */
  readonly solo: boolean;
  readonly onAgain: () => void;
  readonly onBack: () => void;
}

/** `hidden` where another one calls the rematch, `disabled` until the room is free for it. */
export type RematchButton = "shown" | "disabled" | "hidden";

/** Who won, and the standings of all. */
export class ResultScreen {
  readonly root: HTMLElement;
  readonly heading: HTMLElement;
  readonly #again: HTMLButtonElement;
  readonly #back: HTMLButtonElement;
  readonly #note: HTMLElement = element("p", { class: "hint", "data-testid": "result-note" });

  constructor(options: ResultScreenOptions) {
    const winner = winnerOf(options.seats, options.result);
    const title = winner === undefined ? strings.result.draw : winner.isLocal ? strings.result.won : strings.result.winner(winner.name);
    this.heading = element("h1", { class: "result-title", tabindex: "-1" }, title);
    const { solo } = options;
    this.#again = element(
      "button",
      { type: "button", class: "button primary", onclick: () => options.onAgain() },
      solo ? strings.result.again : strings.result.rematch,
    );
    this.#back = element(
      "button",
      { type: "button", class: "button", onclick: () => options.onBack() },
      solo ? strings.result.home : strings.result.back,
    );
    this.root = element(
      "div",
      { class: "screen result", "data-testid": "result" },
      element(
        "section",
        { class: "panel result-panel", "aria-label": strings.result.heading },
        winner === undefined ? undefined : lookIcon(winner.colour, "look result-look"),
        this.heading,
        element("ol", { class: "standings", role: "list" }, ...standings(options.seats, options.result).map(line)),
        this.#note,
        element("div", { class: "action-buttons" }, this.#back, this.#again),
      ),
    );
  }

  /** Whether the next match can be called from here, and in `note` whom or what it waits for. */
  update(again: RematchButton, note: string): void {
    this.#again.hidden = again === "hidden";
    this.#again.disabled = again === "disabled";
    setText(this.#note, note);
  }

  /** There is no lobby any more, for the given reason: the standings stay until the person goes on. */
  close(reason: string): void {
    this.update("hidden", reason);
    setText(this.#back, strings.result.home);
  }
}

function line(standing: Standing): HTMLElement {
  const { seat } = standing;
  return element(
    "li",
    { class: seat.isLocal ? "standing standing-me" : "standing", "data-testid": "standing" },
    element("span", { class: "standing-place" }, `${standing.place}.`),
    lookIcon(seat.colour),
    element(
      "span",
      { class: "standing-name" },
      seat.name,
      seat.isBot ? element("span", { class: "badge badge-plain" }, strings.room.bot) : undefined,
    ),
    element(
      "span",
      { class: "standing-score" },
      element("b", {}, strings.result.wins(standing.wins)),
      element("span", { class: "hint" }, strings.result.knockOffs(standing.knockOffs)),
    ),
  );
}
