import type { MessageTypes, PayloadOf } from "../core/base/message-type.ts";
import type { MessagePayload } from "../core/messages/message-codec.ts";
import type { Member } from "../core/ports/lobby-protocol.ts";
import type { LobbyMessages, MessageOutcome, Recipients } from "./content-types.ts";
import { Listeners } from "./listeners.ts";
import { badArgument } from "./netcode-error.ts";

export interface MessageDeskOptions {
  readonly types: MessageTypes;
  readonly reportError: (error: unknown) => void;
  readonly post: (name: string, payload: MessagePayload, to: Recipients) => MessageOutcome;
}

type AnyListener = (payload: never, from: Member) => void;

/** The messages that a game declares, as the game sends and hears them. */
export class MessageDesk<Messages extends MessageTypes> implements LobbyMessages<Messages> {
  readonly #options: MessageDeskOptions;
  readonly #listeners: Listeners<Record<string, AnyListener>>;

  constructor(options: MessageDeskOptions) {
    this.#options = options;
    this.#listeners = new Listeners(Object.keys(options.types).join(" "), options.reportError);
  }

  send<Name extends keyof Messages & string>(
    name: Name,
    payload: PayloadOf<Messages[Name]["fields"]>,
    { to = "all" }: { readonly to?: Recipients } = {},
  ): MessageOutcome {
    this.#check(name);
    return this.#options.post(name, payload, to);
  }

  on<Name extends keyof Messages & string>(
    name: Name,
    listener: (payload: PayloadOf<Messages[Name]["fields"]>, from: Member) => void,
  ): () => void {
    this.#check(name);
    return this.#listeners.on(name, listener);
  }

  /** A message that was declared and read by its declaration. */
  receive(name: string, payload: MessagePayload, from: Member): void {
    // What the declaration says is what the listeners take: the one place where the compiler cannot see it.
    this.#listeners.emit(name, payload as never, from);
  }

  #check(name: string): void {
    if (!Object.hasOwn(this.#options.types, name)) throw badArgument(`the name of a message that the game declares, got "${name}"`);
  }
}
