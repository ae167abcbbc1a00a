import { assert } from "../core/base/assert.ts";
import type { Random } from "../core/base/random.ts";
import type { PeerId } from "../core/base/units.ts";
import { FINGERPRINT_BYTES, type Fingerprints } from "../core/ports/membership.ts";
import type { NegotiationCommand, NegotiationReport } from "../core/ports/negotiation.ts";
import type { Channel, SendOutcome } from "../core/ports/transport.ts";
import type { AssociationEnd } from "./association-end.ts";
import { SimIce } from "./sim-ice.ts";
import type { SimNetwork } from "./sim-network.ts";

/** Checks, DTLS and SCTP: three round trips. The fifth packet opens the answering end, the sixth the one that dialled. */
const HANDSHAKE_STEPS = 6;
const HANDSHAKE_PACKET_BYTES = 300;
/** DTLS resends after a second, doubled each time (RFC 6347 §4.2.4.1); Chromium starts at 50 ms and checks faster. Between the two. */
const HANDSHAKE_RESEND_MS = 250;
/** A browser gives up about here ("failed" after 16 s in Chromium). */
const HANDSHAKE_MS_MAX = 16_000;

/** An end learns up to this long after the last packet of the handshake that it is open: a browser's event loop. */
const OPEN_EVENT_MS_MAX = 50;

/** What a connection tells the transport at one of its ends. Never from inside a call of that transport. */
export interface ConnectionListener {
  handleOpen(connection: SimConnection): void;
  handleMessage(connection: SimConnection, channel: Channel, bytes: Uint8Array): void;
  /** Gone: the other end hung up, or the handshake never got through. */
  handleClose(connection: SimConnection, reason: "remote" | "unreachable"): void;
  /** What came of `negotiate`. */
  handleNegotiation(connection: SimConnection, report: NegotiationReport): void;
}

interface End {
  readonly peer: PeerId;
  readonly listener: ConnectionListener;
  association: AssociationEnd | undefined;
  isOpen: boolean;
  isClosed: boolean;
  /** Reliable messages that came before this end was open. */
  readonly early: { readonly channel: Channel; readonly bytes: Uint8Array }[];
}

/** Which end of a connection: the one that dialled, or the one that answered. */
export type ConnectionSide = "dialler" | "answerer";

/**
 * A connection between two transports: prepared by the one that answers, joined by the one that dialled when the answer reaches it; then a
 * handshake over the links, and an association whose ends open at different times.
 */
export class SimConnection {
  readonly #network: SimNetwork;
  readonly #random: Random;
  readonly #answerer: End;
  /** Stand in for the ends' certificates: the one that dialled first. */
  readonly #certificates: readonly [Uint8Array, Uint8Array];
  #dialler: End | undefined;
  #ice: SimIce | undefined;
  #startedMs = 0;

  constructor(network: SimNetwork, answerer: PeerId, listener: ConnectionListener) {
    this.#network = network;
    this.#random = network.random(`connection ${answerer} ${network.scheduler.nowMs}`);
    this.#answerer = newEnd(answerer, listener);
    const certificates = network.random(`certificates ${answerer} ${network.scheduler.nowMs}`);
    this.#certificates = [newCertificate(certificates), newCertificate(certificates)];
  }

  /** Starts the handshake, unless the answering end has moved on. */
  join(dialler: PeerId, listener: ConnectionListener): void {
    assert(this.#dialler === undefined, "a connection that is joined once");
    const near = newEnd(dialler, listener);
    const far = this.#answerer;
    this.#dialler = near;
    this.#startedMs = this.#network.scheduler.nowMs;
    const ice = new SimIce(this.#network, [near.peer, far.peer], (side, report) => {
      const end = side === 0 ? near : far;
      if (!end.isClosed) end.listener.handleNegotiation(this, report);
    });
    this.#ice = ice;
    [near.association, far.association] = this.#network.associate(
      dialler,
      (channel, bytes) => this.#deliver(near, channel, bytes),
      far.peer,
      (channel, bytes) => this.#deliver(far, channel, bytes),
      () => ice.isPathAlive,
    );
    this.#handshake(near, far, 1);
  }

  /** As `side` sees them. */
  fingerprints(side: ConnectionSide): Fingerprints {
    const [dialler, answerer] = this.#certificates;
    const [local, remote] = side === "dialler" ? [dialler, answerer] : [answerer, dialler];
    return { local, remote };
  }

  isOpen(side: ConnectionSide): boolean {
    const end = this.#end(side);
    return end !== undefined && end.isOpen && !end.isClosed;
  }

  send(side: ConnectionSide, channel: Channel, bytes: Uint8Array): SendOutcome {
    return this.isOpen(side) ? (this.#end(side)?.association?.send(channel, bytes) ?? "closed") : "closed";
  }

  bufferedBytes(side: ConnectionSide, channel: Channel): number {
    return this.isOpen(side) ? (this.#end(side)?.association?.bufferedBytes(channel) ?? 0) : 0;
  }

  /** Makes or applies a description of this connection, which must be open. */
  negotiate(side: ConnectionSide, command: NegotiationCommand): void {
    if (this.isOpen(side)) this.#ice?.negotiate(side === "dialler" ? 0 : 1, command);
  }

  /** Packets pass as far as addresses go. */
  get isPathAlive(): boolean {
    return this.#ice?.isPathAlive === true;
  }

  /** From now on nothing passes, whatever the addresses are, until ICE is restarted; or, for good, ever again. */
  break(isForGood: boolean): void {
    this.#ice?.break(isForGood);
  }

  /** Closes this end at once; the other one hears of it if the one packet that says so gets through. */
  close(side: ConnectionSide): void {
    const local = this.#end(side);
    const remote = this.#end(side === "dialler" ? "answerer" : "dialler");
    if (local === undefined || local.isClosed) return;
    shut(local);
    if (this.#ice !== undefined) this.#ice.isClosed = true;
    if (remote === undefined || remote.isClosed) return;
    const { scheduler } = this.#network;
    const { arrivalMs } = this.#network.link(local.peer, remote.peer).carry(scheduler.nowMs, HANDSHAKE_PACKET_BYTES);
    if (arrivalMs < Infinity) scheduler.schedule(arrivalMs, () => this.#fail(remote));
  }

  #end(side: ConnectionSide): End | undefined {
    return side === "dialler" ? this.#dialler : this.#answerer;
  }

  /** Step `step` travels over the links like anything else, and is sent again until it arrives. */
  #handshake(dialler: End, answerer: End, step: number): void {
    const { scheduler } = this.#network;
    const [from, to] = step % 2 === 1 ? [dialler, answerer] : [answerer, dialler];
    if (from.isClosed) return;
    if (scheduler.nowMs - this.#startedMs > HANDSHAKE_MS_MAX) {
      this.#fail(dialler);
      this.#fail(answerer);
      return;
    }
    const { arrivalMs } = this.#network.link(from.peer, to.peer).carry(scheduler.nowMs, HANDSHAKE_PACKET_BYTES);
    if (arrivalMs === Infinity) {
      scheduler.schedule(scheduler.nowMs + HANDSHAKE_RESEND_MS, () => this.#handshake(dialler, answerer, step));
      return;
    }
    scheduler.schedule(arrivalMs, () => {
      if (to.isClosed) return;
      if (step >= HANDSHAKE_STEPS - 1) scheduler.schedule(scheduler.nowMs + this.#random.float() * OPEN_EVENT_MS_MAX, () => this.#open(to));
      if (step < HANDSHAKE_STEPS) this.#handshake(dialler, answerer, step + 1);
    });
  }

  #open(end: End): void {
    if (end.isClosed) return;
    end.isOpen = true;
    end.listener.handleOpen(this);
    for (const { channel, bytes } of end.early.splice(0)) this.#deliver(end, channel, bytes);
  }

  #deliver(end: End, channel: Channel, bytes: Uint8Array): void {
    if (end.isClosed) return;
    if (end.isOpen) end.listener.handleMessage(this, channel, bytes);
    else if (channel !== "unreliable") end.early.push({ channel, bytes });
  }

  #fail(end: End): void {
    if (end.isClosed) return;
    shut(end);
    end.listener.handleClose(this, end.isOpen ? "remote" : "unreachable");
  }
}

function newCertificate(random: Random): Uint8Array {
  return Uint8Array.from({ length: FINGERPRINT_BYTES }, () => random.uint32() & 0xff);
}

function newEnd(peer: PeerId, listener: ConnectionListener): End {
  return { peer, listener, association: undefined, isOpen: false, isClosed: false, early: [] };
}

function shut(end: End): void {
  end.isClosed = true;
  end.association?.close();
}
