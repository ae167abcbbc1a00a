import type { Page } from "../adapters/page.ts";
import type { MessageTypes } from "../core/base/message-type.ts";
import type { PeerId } from "../core/base/units.ts";
import { CHAT_MESSAGE } from "../core/messages/chat-text.ts";
import type { MessagePayload } from "../core/messages/message-codec.ts";
import { MessageExchange } from "../core/messages/message-exchange.ts";
import { PACKET_KIND } from "../core/ports/link.ts";
import type { LobbyState, Member } from "../core/ports/lobby-protocol.ts";
import type { Channel } from "../core/ports/transport.ts";
import type { IncomingTransfer, MessageOutcome, Recipients, SendOptions, SentTransfer, TransferLimits } from "./content-types.ts";
import { ChatDesk } from "./lobby-chat.ts";
import { LobbyFiles } from "./lobby-files.ts";
import { memberOf } from "./lobby-people.ts";
import { MessageDesk } from "./message-desk.ts";
import { MutedMembers } from "./muted-members.ts";
import { NetcodeError, badArgument } from "./netcode-error.ts";
import type { PeerLinks } from "./peer-links.ts";

export interface LobbyContentOptions {
  readonly page: Page;
  readonly nowMs: () => number;
  readonly links: PeerLinks;
  readonly types: MessageTypes;
  readonly me: () => Member;
  readonly transferLimits: TransferLimits;
  readonly lobby: () => LobbyState;
  readonly handleMuted: () => void;
  readonly listensToBlobs: () => boolean;
  readonly handleBlob: (incoming: IncomingTransfer) => void;
}

/** The library's own message, under an index that no game's can have and a name that none may have. */
const CHAT = { index: 255, name: " chat" } as const;

/** What members send each other beside the match, in the room and during a match: over the links, past the broker. */
export class LobbyContent<Messages extends MessageTypes> {
  readonly messages: MessageDesk<Messages>;
  readonly chat: ChatDesk;
  readonly muted: MutedMembers;
  readonly #options: LobbyContentOptions;
  readonly #files: LobbyFiles;
  readonly #exchange: MessageExchange;
  #isClosed = false;

  constructor(options: LobbyContentOptions) {
    this.#options = options;
    const { links, page, transferLimits, types } = options;
    const reportError = (error: unknown): void => page.reportError(error);
    this.muted = new MutedMembers(page, options.handleMuted);
    this.#exchange = new MessageExchange(types, [[CHAT.index, CHAT.name, CHAT_MESSAGE]]);
    this.messages = new MessageDesk({ types, reportError, post: (name, payload, to) => this.#post(name, payload, to) });
    this.chat = new ChatDesk({ reportError, me: options.me, post: (text) => this.#post(CHAT.name, { text }, "all") });
    const handleOffer = (incoming: IncomingTransfer): void => this.#handleOffer(incoming);
    this.#files = new LobbyFiles({ links, seed: page.randomSeed(), limits: transferLimits, reportError, handleOffer });
  }

  /** Wants to be called every few milliseconds. */
  get isBusy(): boolean {
    return this.#files.isBusy;
  }

  send(to: Recipients, data: Blob | ArrayBuffer | Uint8Array, options: SendOptions = {}): Promise<SentTransfer> {
    if (this.#isClosed) return Promise.reject(new NetcodeError("CLOSED"));
    try {
      return this.#files.send(this.#recipients(to), data, options);
    } catch (error) {
      return Promise.reject(error);
    }
  }

  /** False: it is a session's. */
  handlePacket(nowMs: number, from: PeerId, channel: Channel, bytes: Uint8Array): boolean {
    const kind = bytes[0] ?? 0;
    if (channel === "bulk") this.#files.handlePacket(nowMs, from, bytes);
    else if (!PACKET_KIND.isMessage(kind)) return false;
    else if (channel !== "control") this.#handleMessage(nowMs, from, channel, bytes);
    return true;
  }

  tick(nowMs: number): void {
    this.#files.tick(nowMs, this.#others());
  }

  /** Its process may be another one when its link opens again. */
  handleLinkClosed(peerId: PeerId): void {
    this.#exchange.forget(peerId);
  }

  /** The peer is no member any more; `after`: what the same member is called now. */
  removePeer(peerId: PeerId, after: PeerId | undefined): void {
    this.#files.removePeer(peerId);
    this.#exchange.forget(peerId);
    if (after !== undefined) this.muted.rename(peerId, after);
  }

  close(): void {
    this.#isClosed = true;
    this.#files.close(this.#others());
  }

  #handleMessage(nowMs: number, from: PeerId, channel: "reliable" | "unreliable", bytes: Uint8Array): void {
    const member = memberOf(this.#options.lobby(), from);
    const received = this.#exchange.decode(nowMs, from, channel, bytes);
    if (received === undefined || member === undefined || this.muted.isMuted(from)) return;
    if (received.name === CHAT.name) this.chat.receive(member, String(received.payload["text"]));
    else this.messages.receive(received.name, received.payload, member);
  }

  #handleOffer(incoming: IncomingTransfer): void {
    if (this.#options.listensToBlobs() && !this.muted.isBlocked(incoming.from)) this.#options.handleBlob(incoming);
    else incoming.refuse();
  }

  #post(name: string, payload: MessagePayload, to: Recipients): MessageOutcome {
    if (this.#isClosed) throw new NetcodeError("CLOSED");
    const recipients = this.#recipients(to);
    const encoded = this.#exchange.encode(this.#options.nowMs(), name, payload);
    if (!encoded.ok) {
      if (encoded.reason === "invalid") throw badArgument(encoded.expected);
      return encoded.reason;
    }
    const { channel, bytes } = encoded;
    const reached = recipients.filter((peerId) => this.#options.links.transmit({ to: peerId, channel, bytes }));
    return reached.length > 0 ? "sent" : "nobody";
  }

  #others(): readonly PeerId[] {
    const { peerId: own } = this.#options.me();
    return this.#options.lobby().members.flatMap(({ peerId }) => (peerId === own ? [] : [peerId]));
  }

  #recipients(to: Recipients): readonly PeerId[] {
    const others = this.#others();
    if (to === "all") return others;
    const chosen = [...new Set(typeof to === "string" ? [to] : to)];
    if (!chosen.every((peerId) => others.includes(peerId))) throw badArgument("peer ids of other members");
    return chosen;
  }
}
