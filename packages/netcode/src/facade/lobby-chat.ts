import { cleanChatText } from "../core/messages/chat-text.ts";
import type { Member } from "../core/ports/lobby-protocol.ts";
import { checkedText } from "./checked-arguments.ts";
import type { ChatMessage, LobbyChat, MessageOutcome } from "./content-types.ts";
import { Listeners } from "./listeners.ts";

/** What a chat still shows after a while. At half, a lively room loses its thread; at double, a phone scrolls through nothing. */
const MESSAGES_MAX = 100;

export interface ChatDeskOptions {
  readonly reportError: (error: unknown) => void;
  readonly me: () => Member;
  readonly post: (text: string) => MessageOutcome;
}

/** The chat of one lobby on one page. */
export class ChatDesk implements LobbyChat {
  readonly #options: ChatDeskOptions;
  readonly #listeners: Listeners<{ message: (message: ChatMessage) => void }>;
  #messages: readonly ChatMessage[] = [];
  #count = 0;

  constructor(options: ChatDeskOptions) {
    this.#options = options;
    this.#listeners = new Listeners("message", options.reportError);
  }

  get messages(): readonly ChatMessage[] {
    return this.#messages;
  }

  send(text: string): "sent" | "rate-limited" | "empty" {
    const clean = cleanChatText(checkedText("what is said", text));
    if (clean === "") return "empty";
    // Who is alone talks to itself.
    if (this.#options.post(clean) === "rate-limited") return "rate-limited";
    this.#add(this.#options.me(), clean, true);
    return "sent";
  }

  on(name: "message", listener: (message: ChatMessage) => void): () => void {
    return this.#listeners.on(name, listener);
  }

  /** Another's words, as they came. */
  receive(from: Member, text: string): void {
    const clean = cleanChatText(text);
    if (clean !== "") this.#add(from, clean, false);
  }

  #add(from: Member, text: string, isOwn: boolean): void {
    const message = { number: ++this.#count, from, isOwn, text };
    this.#messages = [...this.#messages, message].slice(-MESSAGES_MAX);
    this.#listeners.emit("message", message);
  }
}
