import type { LobbyChat } from "@rollcall/netcode";
import { element, setText } from "./element.ts";
import { icon } from "./icon.ts";
import { strings } from "./strings.ts";

/** UTF-16 units: what the library sends of the longest text. Graphemes are counted there. */
const UNITS_MAX = 1_200;

/** The line that people write in. Keys that are typed here reach nothing else on the page. */
export class ChatField {
  readonly root: HTMLFormElement;
  readonly #send: LobbyChat["send"];
  readonly #onSent: () => void;
  readonly #input: HTMLInputElement;
  readonly #hint: HTMLElement = element("p", { class: "chat-hint", role: "status" });

  /** `onSent`: the text left, or there was none. */
  constructor(send: LobbyChat["send"], onSent: () => void) {
    this.#send = send;
    this.#onSent = onSent;
    this.#input = element("input", {
      type: "text",
      class: "field",
      maxlength: String(UNITS_MAX),
      placeholder: strings.chat.placeholder,
      "aria-label": strings.chat.placeholder,
      autocomplete: "off",
      enterkeyhint: "send",
      "data-testid": "chat-field",
    });
    const button = element("button", { type: "submit", class: "icon-button chat-send", "aria-label": strings.chat.send }, icon("send"));
    const handlers = { onsubmit: (event: Event) => this.#submit(event), onkeydown: (event: Event) => event.stopPropagation() };
    this.root = element("form", { class: "chat-form", ...handlers }, this.#input, button, this.#hint);
  }

  focus(): void {
    this.#input.focus();
  }

  #submit(event: Event): void {
    event.preventDefault();
    const outcome = this.#send(this.#input.value);
    setText(this.#hint, outcome === "rate-limited" ? strings.chat.tooFast : "");
    // What was too fast stays, to be sent in a moment.
    if (outcome === "rate-limited") return;
    this.#input.value = "";
    this.#onSent();
  }
}
