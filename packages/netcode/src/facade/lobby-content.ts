import type { Page } from "../adapters/page.ts";
import type { PeerId } from "../core/base/units.ts";
import { PACKET_KIND } from "../core/ports/link.ts";
import type { LobbyState } from "../core/ports/lobby-protocol.ts";
import type { Channel } from "../core/ports/transport.ts";
import type { IncomingTransfer, Recipients, SendOptions, SentTransfer, TransferLimits } from "./content-types.ts";
import { LobbyFiles } from "./lobby-files.ts";
import { NetcodeError, badArgument } from "./netcode-error.ts";
import type { PeerLinks } from "./peer-links.ts";

export interface LobbyContentOptions {
  readonly page: Page;
  readonly links: PeerLinks;
  readonly localPeerId: PeerId;
  readonly transferLimits: TransferLimits;
  readonly lobby: () => LobbyState;
  readonly listensToBlobs: () => boolean;
  readonly handleBlob: (incoming: IncomingTransfer) => void;
}

/** What members send each other beside the match, in the room and during a match: over the links, past the broker. */
export class LobbyContent {
  readonly #options: LobbyContentOptions;
  readonly #files: LobbyFiles;
  #isClosed = false;

  constructor(options: LobbyContentOptions) {
    this.#options = options;
    const { handleBlob, links, listensToBlobs, page, transferLimits } = options;
    this.#files = new LobbyFiles({
      links,
      seed: page.randomSeed(),
      limits: transferLimits,
      reportError: (error) => page.reportError(error),
      handleOffer: (incoming) => {
        if (listensToBlobs()) handleBlob(incoming);
        else incoming.refuse();
      },
    });
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
    if (channel !== "bulk" || !PACKET_KIND.isOfBulk(kind)) return false;
    this.#files.handlePacket(nowMs, from, bytes);
    return true;
  }

  tick(nowMs: number): void {
    this.#files.tick(nowMs, this.#others());
  }

  /** The peer is no member any more. */
  removePeer(peerId: PeerId): void {
    this.#files.removePeer(peerId);
  }

  close(): void {
    this.#isClosed = true;
    this.#files.close(this.#others());
  }

  #others(): readonly PeerId[] {
    return this.#options.lobby().members.flatMap(({ peerId }) => (peerId === this.#options.localPeerId ? [] : [peerId]));
  }

  #recipients(to: Recipients): readonly PeerId[] {
    const others = this.#others();
    if (to === "all") return others;
    const chosen = [...new Set(typeof to === "string" ? [to] : to)];
    if (!chosen.every((peerId) => others.includes(peerId))) throw badArgument("peer ids of other members");
    return chosen;
  }
}
