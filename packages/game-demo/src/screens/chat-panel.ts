import type { LobbyChat } from "@rollcall/netcode";
import { ChatField } from "./chat-field.ts";
import { chatLine } from "./chat-line.ts";
import { element } from "./element.ts";
import { strings } from "./strings.ts";

/** The chat of the room: what was said, and a field. */
export class ChatPanel {
  readonly root: HTMLElement;
  readonly #chat: LobbyChat;
  readonly #lines: HTMLOListElement = element("ol", {
    class: "chat-lines",
    role: "log",
    "aria-label": strings.chat.heading,
    tabindex: "0",
  });
  readonly #empty: HTMLElement = element("p", { class: "hint chat-empty" }, strings.chat.empty);
  readonly #stop: () => void;
  #newest = 0;

  constructor(chat: LobbyChat) {
    this.#chat = chat;
    const field = new ChatField(
      (text) => chat.send(text),
      () => field.focus(),
    );
    this.root = element(
      "section",
      { class: "panel room-chat", "aria-labelledby": "chat-heading" },
      element("h2", { id: "chat-heading" }, strings.chat.heading),
      this.#empty,
      this.#lines,
      field.root,
    );
    this.#show();
    this.#stop = chat.on("message", () => this.#show());
  }

  dispose(): void {
    this.#stop();
  }

  #show(): void {
    const { messages } = this.#chat;
    const lines = this.#lines;
    const fresh = messages.filter(({ number }) => number > this.#newest);
    this.#newest = messages.at(-1)?.number ?? 0;
    // Who has scrolled up reads on in peace, but for what one has said oneself.
    const isAtEnd = lines.scrollHeight - lines.scrollTop - lines.clientHeight < 40 || fresh.at(-1)?.isOwn === true;
    lines.append(...fresh.map(chatLine));
    while (lines.childElementCount > messages.length) lines.firstElementChild?.remove();
    if (isAtEnd) lines.scrollTop = lines.scrollHeight;
    this.#empty.hidden = messages.length > 0;
    lines.hidden = messages.length === 0;
  }
}
