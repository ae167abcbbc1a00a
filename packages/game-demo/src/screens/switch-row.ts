import { element } from "./element.ts";

/** A switch on a line of its own, with a sentence about what it does. */
export class SwitchRow {
  readonly root: HTMLElement;
  readonly #button: HTMLButtonElement;

  /** `id`: of the element that holds the hint. */
  constructor(id: string, text: string, hint: string, isOn: boolean) {
    this.#button = element(
      "button",
      {
        type: "button",
        role: "switch",
        class: "switch",
        "aria-checked": String(isOn),
        "aria-describedby": id,
        onclick: () => this.#button.setAttribute("aria-checked", String(!this.isOn)),
      },
      element("span", {}, text),
      element("span", { class: "switch-knob", "aria-hidden": "true" }),
    );
    this.root = element("div", { class: "switch-row" }, this.#button, element("p", { class: "hint", id }, hint));
  }

  get isOn(): boolean {
    return this.#button.getAttribute("aria-checked") === "true";
  }
}
