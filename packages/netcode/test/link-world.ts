import { Random } from "../src/core/base/random.ts";
import type { PeerId } from "../src/core/base/units.ts";
import * as KIND from "../src/core/link/link-kind.ts";
import { LinkMesh } from "../src/core/link/link-mesh.ts";
import type { RosterTrust } from "../src/core/link/roster-exchange.ts";
import { withoutStamp } from "../src/core/link/staleness.ts";
import type { LinkAction, LinkEvent, LinkMessage } from "../src/core/ports/link.ts";
import type { GameIdentity } from "../src/core/ports/lobby-protocol.ts";
import type { NegotiationReport } from "../src/core/ports/negotiation.ts";
import type { Roster } from "../src/core/ports/roster.ts";
import type { Channel, ChannelsClosedReason, TransportHandler } from "../src/core/ports/transport.ts";
import type { LinkConditions } from "../src/sim/sim-link.ts";
import { SimNetwork } from "../src/sim/sim-network.ts";
import { SIGNALING_DEFAULTS, SimSignaling, type SignalingConditions, type SignalingMessage } from "../src/sim/sim-signaling.ts";
import { SimTransport } from "../src/sim/sim-transport.ts";
import { checkOf, isSealed, proveAs, type StandInInvite } from "./stand-in-keeper.ts";

export const TAG: GameIdentity = { id: "tag", version: 3, contentHash: "0badcafe" };

/** An attempt's offer leaves again after these pauses, as PeerTransport does it. */
const REPEATS_AT_MS = [0, 400, 1_000, 1_900, 3_400, 4_900, 6_400];

/** Signaling as the transports do it: an offer without an open channel is repeated, and each one that arrives again is answered again. */
class RepeatingSignaling extends SimSignaling {
  readonly #network: SimNetwork;
  readonly #answers = new Map<number, SignalingMessage>();

  constructor(network: SimNetwork, conditions: SignalingConditions) {
    super(network.scheduler, network.random("signaling"), conditions);
    this.#network = network;
  }

  override register(peer: PeerId, receive: (from: PeerId, message: SignalingMessage) => void): void {
    super.register(peer, (from, message) => {
      const answer = message.type === "offer" ? this.#answers.get(message.attempt) : undefined;
      if (answer === undefined) receive(from, message);
      else super.send(peer, from, answer);
    });
  }

  override send(from: PeerId, to: PeerId, message: SignalingMessage): void {
    if (message.type === "answer") this.#answers.set(message.attempt, message);
    if (message.type !== "offer") return super.send(from, to, message);
    const { scheduler } = this.#network;
    for (const afterMs of REPEATS_AT_MS) scheduler.schedule(scheduler.nowMs + afterMs, () => super.send(from, to, message));
  }
}

export interface LinkWorldOptions {
  /** Peers prove that they are members of it. */
  readonly lobby?: string;
  /** Who signs rosters of the lobby. */
  readonly trust?: RosterTrust;
  readonly seed: number;
  readonly conditions?: Partial<LinkConditions>;
  readonly signaling?: Partial<SignalingConditions>;
  /** That of the links; default that of the transport. */
  readonly isMutual?: boolean;
}

/** Peers with a link mesh each, in virtual time. */
export class LinkWorld {
  readonly network: SimNetwork;
  readonly signaling: SimSignaling;
  readonly seed: number;
  readonly lobby: string | undefined;
  readonly trust: RosterTrust | undefined;
  readonly isMutual: boolean | undefined;

  constructor(options: LinkWorldOptions) {
    this.seed = options.seed;
    this.lobby = options.lobby;
    this.trust = options.trust;
    this.isMutual = options.isMutual;
    this.network = new SimNetwork({ seed: options.seed, ...(options.conditions === undefined ? {} : { conditions: options.conditions }) });
    this.signaling = new RepeatingSignaling(this.network, { ...SIGNALING_DEFAULTS, ...options.signaling });
  }

  get nowMs(): number {
    return this.network.scheduler.nowMs;
  }

  /** `capabilities`: 0 for a peer that cannot restart ICE. */
  join(name: string, game: GameIdentity = TAG, instance = "", capabilities = 3): LinkPeer {
    return new LinkPeer(this, name as PeerId, game, { instance, capabilities });
  }

  /** Adds each to the other, `dialer` first. */
  link(dialer: LinkPeer, acceptor: LinkPeer): void {
    dialer.add(acceptor, "dialer");
    acceptor.add(dialer, "acceptor");
  }

  /** Each with each: who comes later in the list dials. */
  linkAll(peers: readonly LinkPeer[]): void {
    for (const [index, later] of peers.entries()) for (const earlier of peers.slice(0, index)) this.link(later, earlier);
  }

  run(ms: number): void {
    this.network.scheduler.runUntil(this.nowMs + ms);
  }

  /** Runs until `condition` holds; false when it does not within `ms`. */
  runUntil(condition: () => boolean, ms: number): boolean {
    const endMs = this.nowMs + ms;
    while (!condition()) {
      if (this.nowMs > endMs || !this.network.scheduler.runNext()) return false;
    }
    return true;
  }
}

/** One peer: a mesh on a simulated transport, with all that it told. */
export class LinkPeer implements TransportHandler {
  readonly id: PeerId;
  readonly mesh: LinkMesh;
  readonly transport: SimTransport;
  readonly events: { readonly atMs: number; readonly event: LinkEvent }[] = [];
  readonly messages: LinkMessage[] = [];
  readonly sessionPackets: Uint8Array[] = [];
  readonly rosters: { readonly atMs: number; readonly roster: Roster }[] = [];
  rostersSent = 0;
  dials = 0;
  /** Signatures of rosters that it was asked to check. */
  verified = 0;
  /** How long proofs take to make and to check; `Infinity`: for ever. */
  proofMs = 1;
  /** Whose key it has: its own. */
  owner: string;
  invite: StandInInvite | undefined;
  /** Offers made to restart ICE. */
  restarts = 0;
  /** What the link itself sent. */
  sent = { unreliable: 0, reliable: 0, control: 0, bulk: 0 };
  /** A session's datagrams. */
  pushed = 0;
  readonly #world: LinkWorld;
  #wakeMs = Infinity;
  #stalled: (() => void)[] | undefined;

  constructor(
    world: LinkWorld,
    id: PeerId,
    game: GameIdentity,
    { instance, capabilities }: { readonly instance: string; readonly capabilities: number },
  ) {
    this.#world = world;
    this.id = id;
    this.owner = id;
    const lobby = {
      ...(world.lobby === undefined ? {} : { lobby: world.lobby }),
      trust: world.trust,
    };
    this.transport = new SimTransport(world.network, world.signaling, id, capabilities);
    const isMutual = world.isMutual ?? this.transport.isMutual;
    const random = new Random(world.seed, `${id} ${instance}`);
    this.mesh = new LinkMesh({ localPeerId: id, game, random, capabilities, isMutual, ...lobby });
    this.transport.setHandler(this);
  }

  add(peer: LinkPeer, role: "dialer" | "acceptor"): void {
    this.mesh.addPeer(this.#world.nowMs, peer.id, role);
    this.drain();
  }

  kill(): void {
    this.transport.kill();
  }

  /** The process stands still: nothing is handled until it goes on, then timers first, and after them what arrived. */
  stall(ms: number): void {
    if (this.#stalled !== undefined) return;
    const arrived: (() => void)[] = [];
    this.#stalled = arrived;
    const { scheduler } = this.#world.network;
    scheduler.schedule(scheduler.nowMs + ms, () => {
      this.#stalled = undefined;
      this.mesh.handleTimeout(this.#world.nowMs);
      this.drain();
      for (const handle of arrived) handle();
    });
  }

  /** A session's datagram. */
  sendDatagram(to: LinkPeer, bytes: Uint8Array): void {
    if (this.mesh.maySend(this.#world.nowMs, { to: to.id, bytes })) this.pushDatagram(to, bytes);
  }

  /** The same from somebody who does not mind that nobody answers. */
  pushDatagram(to: LinkPeer, bytes: Uint8Array): void {
    const routed = this.mesh.route(this.#world.nowMs, { to: to.id, channel: "unreliable", bytes });
    this.pushed++;
    if (this.transport.send(routed.to, "unreliable", routed.bytes) === "sent") this.mesh.handleSent(this.#world.nowMs, to.id);
  }

  sendReliable(to: LinkPeer, bytes: Uint8Array): boolean {
    const isQueued = this.mesh.sendReliable(this.#world.nowMs, to.id, bytes);
    this.drain();
    return isQueued;
  }

  types(): string[] {
    return this.events.map(({ event }) => event.type);
  }

  /** When `type` first came, or NaN. */
  timeOf(type: LinkEvent["type"]): number {
    return this.events.find(({ event }) => event.type === type)?.atMs ?? Number.NaN;
  }

  handleChannelsOpen(peer: PeerId): void {
    this.#handle(() => this.mesh.handleChannelsOpen(this.#world.nowMs, peer, this.transport.fingerprints(peer)));
  }

  handleChannelsClosed(peer: PeerId, reason: ChannelsClosedReason): void {
    this.#handle(() => this.mesh.handleChannelsClosed(this.#world.nowMs, peer, reason));
  }

  handlePacket(peer: PeerId, channel: Channel, bytes: Uint8Array): void {
    const kept = bytes.slice();
    this.#handle(() => {
      if (!this.mesh.handlePacket(this.#world.nowMs, peer, channel, kept)) this.sessionPackets.push(withoutStamp(channel, kept));
    });
  }

  handleNegotiation(peer: PeerId, report: NegotiationReport): void {
    this.#handle(() => this.mesh.handleNegotiation(this.#world.nowMs, peer, report));
  }

  handleSignal(peer: PeerId, bytes: Uint8Array): void {
    this.#handle(() => this.mesh.handleSignal(this.#world.nowMs, peer, bytes));
  }

  drain(): void {
    const { mesh, transport } = this;
    for (let action = mesh.pollAction(); action !== undefined; action = mesh.pollAction()) {
      if (action.type === "dial") {
        this.dials++;
        transport.dial(action.peerId);
      } else if (action.type === "accept") transport.accept(action.peerId);
      else if (action.type === "prove" || action.type === "check") this.#keep(action);
      else if (action.type === "verify") this.#verify(action);
      else if (action.type === "hang-up") transport.hangUp(action.peerId);
      else if (action.type === "signal") transport.signal(action.peerId, action.bytes);
      else {
        if (action.command.type === "offer") this.restarts++;
        transport.negotiate(action.peerId, action.command);
      }
    }
    for (let packet = mesh.pollTransmit(); packet !== undefined; packet = mesh.pollTransmit()) {
      this.sent[packet.channel]++;
      if (packet.bytes[0] === KIND.roster) this.rostersSent++;
      transport.send(packet.to, packet.channel, packet.bytes);
    }
    for (let roster = mesh.pollRoster(); roster !== undefined; roster = mesh.pollRoster())
      this.rosters.push({ atMs: this.#world.nowMs, roster });
    for (let event = mesh.pollEvent(); event !== undefined; event = mesh.pollEvent()) this.events.push({ atMs: this.#world.nowMs, event });
    for (let message = mesh.pollMessage(); message !== undefined; message = mesh.pollMessage()) {
      if (message.channel === "reliable") this.messages.push(message);
      else this.sessionPackets.push(message.bytes);
    }
    this.#plan();
  }

  /** What takes a real page a moment, and a slow one longer. */
  #keep(action: LinkAction & { readonly type: "prove" | "check" }): void {
    const { scheduler } = this.#world.network;
    const { peerId, request, transcript } = action;
    if (this.proofMs === Infinity) return;
    scheduler.schedule(scheduler.nowMs + this.proofMs, () => {
      if (this.#world.network.isKilled(this.id)) return;
      this.#handle(() => {
        if (action.type === "prove")
          this.mesh.handleProved(this.#world.nowMs, peerId, request, proveAs(this.owner, transcript, this.invite?.secret));
        else this.mesh.handleChecked(this.#world.nowMs, peerId, request, checkOf(peerId, transcript, action.proof, this.invite));
      });
    });
  }

  #verify({ request, key, signed, signature }: LinkAction & { readonly type: "verify" }): void {
    const { scheduler } = this.#world.network;
    this.verified++;
    scheduler.schedule(scheduler.nowMs + this.proofMs, () =>
      this.#handle(() => this.mesh.handleVerified(this.#world.nowMs, request, isSealed(key, signed, signature))),
    );
  }

  #handle(handle: () => void): void {
    if (this.#stalled !== undefined) {
      this.#stalled.push(() => this.#handle(handle));
      return;
    }
    handle();
    this.drain();
  }

  /** Asks for a wake-up at the machine's deadline, unless an earlier one is on its way. */
  #plan(): void {
    const dueMs = this.mesh.pollTimeoutMs();
    if (dueMs >= this.#wakeMs || dueMs === Infinity || this.#stalled !== undefined) return;
    this.#wakeMs = Math.max(dueMs, this.#world.nowMs);
    const atMs = this.#wakeMs;
    this.#world.network.scheduler.schedule(atMs, () => {
      if (this.#wakeMs !== atMs || this.#world.network.isKilled(this.id)) return;
      this.#wakeMs = Infinity;
      if (this.#stalled !== undefined) return;
      if (this.#world.nowMs >= this.mesh.pollTimeoutMs()) this.mesh.handleTimeout(this.#world.nowMs);
      this.drain();
    });
  }
}
