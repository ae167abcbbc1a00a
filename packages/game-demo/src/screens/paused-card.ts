import { element, setText } from "./element.ts";
import { icon } from "./icon.ts";
import { keepFocus, screenHeading } from "./keep-focus.ts";
import { strings } from "./strings.ts";

/** Lies over a match that stands still: who stopped it, and the way on. */
export class PausedCard {
  readonly root: HTMLElement;
  readonly #who: HTMLElement = element("p", { class: "paused-who" });
  readonly #goOn: HTMLButtonElement;

  constructor(onGoOn: () => void) {
    this.#goOn = element(
      "button",
      { type: "button", class: "button primary", onclick: onGoOn },
      icon("play"),
      element("span", {}, strings.match.goOn),
    );
    this.root = element(
      "div",
      { class: "paused", role: "status", "data-testid": "paused", hidden: "" },
      element("div", { class: "panel paused-panel" }, this.#who, this.#goOn),
    );
  }

  /** Whether this is somebody who may let it go on. */
  setMayGoOn(may: boolean): void {
    this.#goOn.hidden = !may;
  }

  /** `undefined`: the match goes on. */
  show(text: string | undefined): void {
    keepFocus(this.root, () => (this.root.hidden = text === undefined), screenHeading);
    setText(this.#who, text ?? "");
  }
}
