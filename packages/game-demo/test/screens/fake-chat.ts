import type { ChatMessage, LobbyChat, Member } from "@rollcall/netcode";
import { Listeners } from "./listeners.ts";

/** A chat in memory: tests say what the others say. */
export class FakeChat implements LobbyChat {
  messages: readonly ChatMessage[] = [];
  outcome: "sent" | "rate-limited" = "sent";
  readonly #me: () => Member;
  readonly #listeners = new Listeners<{ message: (message: ChatMessage) => void }>();

  constructor(me: () => Member) {
    this.#me = me;
  }

  send(text: string): "sent" | "rate-limited" | "empty" {
    const trimmed = text.trim();
    if (trimmed === "") return "empty";
    if (this.outcome === "sent") this.#add(this.#me(), trimmed, true);
    return this.outcome;
  }

  on(name: "message", listener: (message: ChatMessage) => void): () => void {
    return this.#listeners.on(name, listener);
  }

  /** Another member says something. */
  say(from: Member, text: string): void {
    this.#add(from, text, false);
  }

  #add(from: Member, text: string, isOwn: boolean): void {
    const message = { number: this.messages.length + 1, from, isOwn, text };
    this.messages = [...this.messages, message];
    this.#listeners.emit("message", message);
  }
}
