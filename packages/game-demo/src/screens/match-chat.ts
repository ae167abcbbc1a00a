import type { LobbyChat } from "@rollcall/netcode";
import { ChatField } from "./chat-field.ts";
import { chatLine } from "./chat-line.ts";
import { element } from "./element.ts";
import { strings } from "./strings.ts";

/** Lines over a match, and how long each stays: a match is to be seen, not read. */
const LINES_MAX = 4;
const LINE_MS = 9_000;

/** The chat over a match: the last lines for a moment, and a field when it is asked for. */
export class MatchChat {
  readonly root: HTMLElement;
  readonly #lines: HTMLOListElement = element("ol", { class: "chat-lines", role: "log", "aria-label": strings.chat.heading });
  readonly #field: ChatField;
  readonly #onClosed: () => void;
  readonly #stop: () => void;

  /** `onClosed`: the focus may go back to the game. */
  constructor(chat: LobbyChat, onClosed: () => void) {
    this.#onClosed = onClosed;
    this.#field = new ChatField(
      (text) => chat.send(text),
      () => this.close(),
    );
    this.#field.root.hidden = true;
    this.#field.root.addEventListener("keydown", (event) => {
      if (event.key === "Escape") this.close();
    });
    // A click into the match closes it, as it would any menu.
    this.#field.root.addEventListener("focusout", ({ relatedTarget }) => {
      if (!(relatedTarget instanceof Node) || !this.#field.root.contains(relatedTarget)) this.#hide();
    });
    this.root = element("div", { class: "match-chat" }, this.#lines, this.#field.root);
    this.#stop = chat.on("message", (message) => {
      const line = chatLine(message);
      this.#lines.append(line);
      while (this.#lines.childElementCount > LINES_MAX) this.#lines.firstElementChild?.remove();
      window.setTimeout(() => line.remove(), LINE_MS);
    });
  }

  open(): void {
    this.#field.root.hidden = false;
    this.#field.focus();
  }

  close(): void {
    if (this.#field.root.hidden) return;
    this.#hide();
    this.#onClosed();
  }

  dispose(): void {
    this.#stop();
  }

  #hide(): void {
    this.#field.root.hidden = true;
  }
}
