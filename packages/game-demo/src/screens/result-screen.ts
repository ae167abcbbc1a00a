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

/** Who won, and the standings of all. */
export class ResultScreen {
  readonly root: HTMLElement;
  readonly heading: HTMLElement;
  readonly #again: HTMLButtonElement;
  readonly #waiting: HTMLElement = element("p", { class: "hint" });

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
    const back = element(
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
        this.#waiting,
        element("div", { class: "action-buttons" }, back, this.#again),
      ),
    );
  }

  /** `waitingFor`: the host's name when another one may call the rematch. `allowed`: the room is free for the next match. */
  update(waitingFor: string | undefined, allowed: boolean): void {
    this.#again.hidden = waitingFor !== undefined;
    this.#again.disabled = !allowed;
    setText(this.#waiting, waitingFor === undefined ? "" : strings.result.waiting(waitingFor));
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
