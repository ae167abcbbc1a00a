import type { LobbyCode, PeerId } from "@rollcall/netcode/lobby-protocol";
import { lobbyChannel, peerChannel } from "./node-bus.ts";
import { parseCarriedSignal, writeCarriedSignal, type CarriedSignal } from "./carried-signal.ts";
import { parseNodeText } from "./node-text.ts";
import type { SeatClaims } from "./seat-claims.ts";
import type { SharedState } from "./shared-state.ts";
import { socketKey, type TicketPlace } from "./ticket-places.ts";

/** A claim of a signaling id lives so much longer than its node. At half, a Redis that is away for a moment frees the ids of stock clients; at double, who lost a node waits as long for its id. */
const LEASE_MS = 30_000;
const RENEW_MS = 10_000;
/** Claims that are renewed at a time. */
const RENEW_STEP = 100;
/** Whoever proved that the id is its own. */
const MEMBER = "member";

export interface ClusterSignalingOptions {
  readonly shared: SharedState;
  readonly seats: SeatClaims;
  /** A signal for a client of this node. */
  readonly deliver: (dst: PeerId, signal: CarriedSignal) => void;
  /** Another node has this id by now. */
  readonly handleLost: (peerId: PeerId) => void;
  /** Signals may get through that did not before. */
  readonly handleUp: () => void;
}

/** An id that is at this node. */
export interface HeldId {
  readonly peerId: PeerId;
  readonly owner: string;
  /** Default: `LEASE_MS`. */
  readonly leaseMs?: number;
  /** Of a member. */
  readonly lobby?: LobbyCode;
  /** `undefined`: not claimed yet. */
  token: number | undefined;
}

/** Which signaling ids are at this node, and the way to those of others. */
export class ClusterSignaling {
  readonly #options: ClusterSignalingOptions;
  readonly #held = new Map<PeerId, HeldId>();
  readonly #timer: NodeJS.Timeout;

  constructor(options: ClusterSignalingOptions) {
    this.#options = options;
    options.shared.bus.onUp(() => {
      void this.#renewAll().then(() => this.#announceAll());
      options.handleUp();
    });
    this.#timer = setInterval(() => void this.#renewAll(), RENEW_MS).unref();
  }

  /** The lobby of a member that another node let in, with its record. */
  find(peerId: PeerId): ReturnType<SeatClaims["find"]> {
    return this.#options.seats.find(peerId);
  }

  /** The owner of a member's id has its socket here: from now on it is nowhere else. Without the shared state as soon as it is back. */
  takeMember(peerId: PeerId, code: LobbyCode): HeldId {
    const held: HeldId = { peerId, owner: MEMBER, lobby: code, token: undefined };
    this.#held.set(peerId, held);
    // Tried again with the next renewal, and when the bus is up again.
    this.#settle(held).catch(() => undefined);
    return held;
  }

  /** A client without a lobby wants this id, `token` being by which it comes back to it. `undefined`: somebody else has it. Rejects when nobody can tell. */
  async takeStranger(peerId: PeerId, token: string): Promise<HeldId | undefined> {
    const held: HeldId = { peerId, owner: `stranger-${token}`, token: undefined };
    // Nobody is served with it: kept, it would be renewed for ever.
    return (await this.#claim(held)) ? this.#hold(held, () => this.release(held)) : undefined;
  }

  /** A client with a ticket has its place here from now on. Rejects when it cannot be heard; the place is kept for it then. */
  takePlace(place: TicketPlace): Promise<HeldId> {
    const held = { ...place };
    this.#tellClaimed(place.peerId, place.token);
    return this.#hold(held, () => this.drop(held));
  }

  /** The socket is gone from here. */
  release(held: HeldId): void {
    const { peerId, token } = held;
    this.drop(held);
    if (token !== undefined) this.#options.shared.claims.release(socketKey(peerId), token).catch(() => undefined);
  }

  /** The same, without giving the claim back. */
  drop(held: HeldId): void {
    const { peerId } = held;
    if (this.#held.get(peerId) !== held) return;
    this.#held.delete(peerId);
    this.#options.shared.bus.unsubscribe(peerChannel(peerId));
  }

  /** False: no node has it, or nobody can tell. */
  async send(dst: PeerId, signal: CarriedSignal): Promise<boolean> {
    return (await this.#options.shared.bus.publish(peerChannel(dst), writeCarriedSignal(signal)).catch(() => 0)) > 0;
  }

  close(): void {
    clearInterval(this.#timer);
  }

  async #hold(held: HeldId, giveUp: () => void): Promise<HeldId> {
    const { peerId } = held;
    const before = this.#held.get(peerId);
    this.#held.set(peerId, held);
    try {
      await this.#options.shared.bus.subscribe(peerChannel(peerId), (text) => this.#hear(peerId, text));
    } catch (error) {
      giveUp();
      // The client's older socket, if it still has one here, keeps the id, claimed anew with the next renewal.
      if (before !== undefined) this.#held.set(peerId, Object.assign(before, { token: undefined }));
      throw error;
    }
    return held;
  }

  /** From now on it is heard here, and nowhere else; what waits for it at other nodes comes. */
  async #settle(held: HeldId): Promise<boolean> {
    const { peerId } = held;
    await this.#options.shared.bus.subscribe(peerChannel(peerId), (text) => this.#hear(peerId, text));
    // Its socket closed meanwhile: the next one may be at another node by now, and must not lose the id to it.
    if (this.#held.get(peerId) !== held) return false;
    const isOurs = await this.#claim(held);
    await this.#announce(held);
    return isOurs;
  }

  async #claim(held: HeldId): Promise<boolean> {
    const { peerId, owner, leaseMs = LEASE_MS } = held;
    const { claims } = this.#options.shared;
    const over = owner === MEMBER ? ({ over: "anybody" } as const) : {};
    const answer = await claims.take(socketKey(peerId), { owner, leaseMs, ...over });
    if (!answer.ok) return false;
    held.token = answer.token;
    this.#tellClaimed(peerId, answer.token);
    return true;
  }

  /** Whoever had it hears so at once; one that does not, with its next renewal. */
  #tellClaimed(peerId: PeerId, token: number): void {
    this.#options.shared.bus.publish(peerChannel(peerId), JSON.stringify({ claimed: token })).catch(() => undefined);
  }

  #hear(peerId: PeerId, text: string): void {
    const held = this.#held.get(peerId);
    if (held === undefined) return;
    const signal = parseCarriedSignal(text);
    if (signal !== undefined) return this.#options.deliver(peerId, signal);
    const claimed = parseNodeText(text)?.["claimed"];
    if (typeof claimed === "number" && held.token !== undefined && claimed > held.token) this.#lose(held);
  }

  #lose(held: HeldId): void {
    if (this.#held.get(held.peerId) !== held) return;
    // Another's by now: not to be released.
    held.token = undefined;
    this.#options.handleLost(held.peerId);
    this.release(held);
  }

  /** Nodes that have signals for this member send them now. */
  async #announce({ peerId, lobby }: HeldId): Promise<void> {
    if (lobby !== undefined) await this.#options.shared.bus.publish(lobbyChannel(lobby), JSON.stringify({ here: peerId }));
  }

  /** While nothing got through, signals were kept at other nodes. */
  async #announceAll(): Promise<void> {
    for (const held of this.#held.values()) await this.#announce(held).catch(() => undefined);
  }

  async #renewAll(): Promise<void> {
    const all = [...this.#held.values()];
    for (let first = 0; first < all.length && this.#options.shared.bus.isUp; first += RENEW_STEP) {
      await Promise.all(all.slice(first, first + RENEW_STEP).map((held) => this.#renew(held)));
    }
  }

  async #renew(held: HeldId): Promise<void> {
    const { peerId, owner, token, leaseMs = LEASE_MS } = held;
    if (this.#held.get(peerId) !== held) return;
    try {
      const isOurs =
        token === undefined
          ? await this.#settle(held)
          : await this.#options.shared.claims.renew(socketKey(peerId), { owner, token, leaseMs });
      if (!isOurs && held.token === token) this.#lose(held);
    } catch {
      // With the next round.
    }
  }
}
