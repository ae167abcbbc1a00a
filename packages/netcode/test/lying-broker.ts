/**
 * A broker in the page that hands out what it likes: honest, or in between every pair with connections of its own (`splices`), and then also under ids
 * and keys of its own (`impersonates`). It has no limits, no departures, no matches.
 */
import { CHANNEL_IDS, RELIABLE_LABEL } from "../src/adapters/rtc-channels.ts";
import { fingerprintOf } from "../src/adapters/dtls-fingerprint.ts";
import { createVisitCrypto, peerIdOfKey, type VisitCrypto } from "../src/adapters/visit-crypto.ts";
import { decodeBase64Url } from "../src/core/base/base64url.ts";
import type { LobbyCode, PeerId } from "../src/core/base/units.ts";
import { encodeLinkTranscript } from "../src/core/identity/link-transcript.ts";
import { encodeHello, encodeProof, LINK_VERSION, parseLinkPacket, type Hello } from "../src/core/link/link-codec.ts";
import type { Fingerprints, MembershipProof } from "../src/core/ports/membership.ts";
import type { Admission, LobbyChange, LobbyCommand, LobbyState, Member } from "../src/core/ports/lobby-protocol.ts";
import { LyingSocket } from "./lying-socket.ts";

const CODE = "KXRTM" as LobbyCode;

interface Signal {
  readonly type: string;
  readonly dst: PeerId;
  readonly payload: { readonly connectionId: string; readonly sdp: RTCSessionDescriptionInit; readonly candidate: RTCIceCandidateInit };
}

/** One person, and what the broker has for it. */
interface Guest {
  readonly peerId: PeerId;
  readonly control: LyingSocket;
  signaling: LyingSocket | undefined;
  /** Signals that came before. */
  readonly waiting: unknown[];
}

/** A key of the broker's own, by which one person is shown to another. */
interface Mask {
  readonly crypto: VisitCrypto;
  readonly peerId: PeerId;
}

export interface Lies {
  /** Own connections to both ends of a pair. */
  readonly splices?: boolean;
  /** Own ids and keys for each to the other. */
  readonly impersonates?: boolean;
  /** What becomes of what the secret of an invite authenticates, when it is shown to the other: as it is, or nothing. */
  readonly macs?: "kept" | "dropped";
}

export class LyingBroker {
  readonly lies: Lies;
  /** Everything that pages sent over `/lobby`. */
  readonly heard: string[] = [];
  /** Kinds of the packets that went through our own connections. */
  readonly passed: number[] = [];
  readonly #guests: Guest[] = [];
  readonly #masks = new Map<string, Mask>();
  readonly #splices = new Map<string, Splice>();
  #lobby: LobbyState | undefined;

  constructor(lies: Lies) {
    this.lies = lies;
    LyingSocket.serve = (socket) => this.#serve(socket);
  }

  close(): void {
    for (const splice of this.#splices.values()) splice.close();
  }

  #serve(socket: LyingSocket): void {
    if (socket.url.pathname === "/lobby") {
      socket.onSent = (text) => void this.#handleCommand(socket, text);
      return;
    }
    const guest = this.#guests.find(({ peerId }) => peerId === socket.url.searchParams.get("id"));
    if (guest === undefined) return socket.close();
    guest.signaling = socket;
    socket.onSent = (text) => void this.#handleSignal(guest, JSON.parse(text) as Signal);
    setTimeout(() => {
      socket.say({ type: "OPEN" });
      for (const signal of guest.waiting.splice(0)) socket.say(signal);
    });
  }

  async #handleCommand(control: LyingSocket, text: string): Promise<void> {
    this.heard.push(text);
    const message = JSON.parse(text) as { request?: number; ping?: number; command?: LobbyCommand };
    if (message.ping !== undefined) control.say({ pong: message.ping });
    const { request, command } = message;
    if (request === undefined || command === undefined) return;
    if (command.type !== "create" && command.type !== "join") return control.say({ reply: request, ok: true, result: null });
    const key = decodeBase64Url(command.key, 32);
    if (key === undefined) throw new Error("expected: a key");
    const peerId = await peerIdOfKey(await createVisitCrypto(), key);
    const index = this.#guests.length;
    const member: Member = { peerId, seat: index, order: index + 1, profile: command.profile, ready: false, connected: true };
    this.#lobby = {
      ...(this.#lobby ?? emptyLobby(command, peerId)),
      members: [...(this.#lobby?.members ?? []), member],
      event: index,
    };
    const guest: Guest = { peerId, control, signaling: undefined, waiting: [] };
    for (const other of this.#guests) {
      const change: LobbyChange = { type: "member-joined", member: await this.#shown(member, other.peerId) };
      other.control.say({ event: index, change });
    }
    this.#guests.push(guest);
    const members = await Promise.all(this.#lobby.members.map((each) => this.#shown(each, peerId)));
    const hostId = (await this.#shown(this.#lobby.members[0] ?? member, peerId)).peerId;
    const result: Admission = {
      lobby: { ...this.#lobby, members, hostId },
      peerId,
      resumeSecret: "r".repeat(32),
      signalingToken: "token",
      iceServers: [],
    };
    control.say({ reply: request, ok: true, result });
  }

  async #shown(member: Member, to: PeerId): Promise<Member> {
    return member.peerId === to ? member : { ...member, peerId: (await this.#mask(member.peerId, to))?.peerId ?? member.peerId };
  }

  /** How `who` is shown to `to`; `undefined`: as it is. */
  async #mask(who: PeerId, to: PeerId): Promise<Mask | undefined> {
    if (this.lies.impersonates !== true) return undefined;
    const known = this.#masks.get(`${who} ${to}`);
    if (known !== undefined) return known;
    const crypto = await createVisitCrypto();
    const mask = { crypto, peerId: await peerIdOfKey(crypto, crypto.publicKey) };
    const earlier = this.#masks.get(`${who} ${to}`);
    if (earlier !== undefined) return earlier;
    this.#masks.set(`${who} ${to}`, mask);
    return mask;
  }

  async #handleSignal(from: Guest, signal: Signal): Promise<void> {
    const to = await this.#guestCalled(signal.dst, from.peerId);
    if (to === undefined) return;
    if (this.lies.splices !== true) return this.#tell(to, { ...signal, src: from.peerId });
    const { connectionId, sdp, candidate } = signal.payload;
    let splice = this.#splices.get(connectionId);
    if (signal.type === "OFFER" && splice === undefined) {
      const [asTo, asFrom] = [await this.#mask(to.peerId, from.peerId), await this.#mask(from.peerId, to.peerId)];
      splice = new Splice({
        lobby: CODE,
        dialer: { peerId: from.peerId, sees: asTo ?? { peerId: to.peerId } },
        acceptor: { peerId: to.peerId, sees: asFrom ?? { peerId: from.peerId } },
        macs: this.lies.macs ?? "kept",
        handlePassed: (kind) => this.passed.push(kind),
      });
      this.#splices.set(connectionId, splice);
      const { answer, offer } = await splice.begin(sdp);
      this.#tell(from, { type: "ANSWER", src: asTo?.peerId ?? to.peerId, payload: { type: "data", connectionId, sdp: answer } });
      this.#tell(to, { ...signal, src: asFrom?.peerId ?? from.peerId, payload: { ...signal.payload, sdp: offer } });
      return;
    }
    if (splice === undefined) return;
    if (signal.type === "ANSWER") await splice.answer(sdp);
    if (signal.type === "CANDIDATE") await splice.addCandidate(from.peerId, candidate);
  }

  async #guestCalled(name: PeerId, by: PeerId): Promise<Guest | undefined> {
    for (const guest of this.#guests) {
      if (((await this.#mask(guest.peerId, by))?.peerId ?? guest.peerId) === name) return guest;
    }
    return undefined;
  }

  #tell({ signaling, waiting }: Guest, signal: object): void {
    if (signaling === undefined) waiting.push(signal);
    else signaling.say(signal);
  }
}

function emptyLobby(
  { game, profile: _profile, ...command }: LobbyCommand & { readonly type: "create" | "join" },
  hostId: PeerId,
): LobbyState {
  const { capacity, settings, metadata } = command.type === "create" ? command : { capacity: 8, settings: null, metadata: null };
  const rest = {
    locked: false,
    door: { listed: false, password: false, audience: 0, reserved: 0 },
    relayOnly: false,
    hostEpoch: 1,
    match: undefined,
    matchCount: 0,
    idle: false,
    members: [],
    event: 0,
  };
  return { code: CODE, game, capacity, settings, metadata, hostId, ...rest };
}

/** One end of a spliced connection: who it is, and whom it takes us for. */
interface SplicedEnd {
  readonly peerId: PeerId;
  readonly sees: { readonly peerId: PeerId; readonly crypto?: VisitCrypto };
}

interface SpliceOptions {
  readonly lobby: string;
  readonly dialer: SplicedEnd;
  readonly acceptor: SplicedEnd;
  readonly macs: "kept" | "dropped";
  readonly handlePassed: (kind: number) => void;
}

/** Two connections of our own in place of one of theirs. What goes through is read and, under masks, written anew. */
class Splice {
  readonly #options: SpliceOptions;
  readonly #toDialer = new RTCPeerConnection();
  readonly #toAcceptor = new RTCPeerConnection();
  readonly #early: (() => void)[] = [];
  readonly #answered: Promise<void>;
  #tellAnswered!: () => void;
  #isAnswered = false;

  constructor(options: SpliceOptions) {
    this.#answered = new Promise((resolve) => {
      this.#tellAnswered = resolve;
    });
    this.#options = options;
    for (const [name, id] of Object.entries(CHANNEL_IDS)) {
      const init = name === "unreliable" ? { ordered: false, maxRetransmits: 0 } : { ordered: true };
      const [left, right] = [this.#toDialer, this.#toAcceptor].map((each) =>
        each.createDataChannel(name, { negotiated: true, id, ...init }),
      );
      if (left !== undefined && right !== undefined) this.#join(left, right);
    }
    const reliable = this.#toAcceptor.createDataChannel(RELIABLE_LABEL, { ordered: true });
    this.#toDialer.ondatachannel = ({ channel }) => this.#join(channel, reliable);
  }

  /** Answers the dialer's offer, and makes one of our own for the acceptor, both with all candidates. */
  async begin(offer: RTCSessionDescriptionInit): Promise<{ answer: RTCSessionDescriptionInit; offer: RTCSessionDescriptionInit }> {
    await this.#toDialer.setRemoteDescription(offer);
    await Promise.all([this.#toDialer.setLocalDescription(), this.#toAcceptor.setLocalDescription()]);
    await Promise.all([this.#toDialer, this.#toAcceptor].map(gathered));
    const [answer, ours] = [this.#toDialer.localDescription, this.#toAcceptor.localDescription];
    if (answer === null || ours === null) throw new Error("expected: descriptions");
    return { answer: { type: "answer", sdp: answer.sdp }, offer: { type: "offer", sdp: ours.sdp } };
  }

  async answer(description: RTCSessionDescriptionInit): Promise<void> {
    if (this.#isAnswered) return;
    this.#isAnswered = true;
    await this.#toAcceptor.setRemoteDescription(description);
    this.#tellAnswered();
    for (const add of this.#early.splice(0)) add();
  }

  async addCandidate(from: PeerId, candidate: RTCIceCandidateInit): Promise<void> {
    if (from === this.#options.dialer.peerId) await this.#toDialer.addIceCandidate(candidate).catch(() => {});
    else if (this.#isAnswered) await this.#toAcceptor.addIceCandidate(candidate).catch(() => {});
    else this.#early.push(() => void this.addCandidate(from, candidate));
  }

  close(): void {
    this.#toDialer.close();
    this.#toAcceptor.close();
  }

  /** A proof is over the certificates of both ends, so that nothing is rewritten before the other end has answered. */
  async #pass(before: Promise<void>, rewrite: () => Promise<Uint8Array>, sink: RTCDataChannel): Promise<void> {
    await Promise.all([before, this.#answered]);
    if (sink.readyState === "connecting")
      await new Promise((resolve) => {
        sink.addEventListener("open", resolve, { once: true });
      });
    const bytes = await rewrite();
    if (sink.readyState === "open") sink.send(new Uint8Array(bytes));
  }

  #join(left: RTCDataChannel, right: RTCDataChannel): void {
    const { dialer, acceptor } = this.#options;
    const pipe = (source: RTCDataChannel, sink: RTCDataChannel, rewriter: Rewriter): void => {
      source.binaryType = "arraybuffer";
      let queue = Promise.resolve();
      source.onmessage = ({ data }: MessageEvent<ArrayBuffer>) => {
        const bytes = new Uint8Array(data);
        this.#options.handlePassed(bytes[0] ?? 0);
        queue = this.#pass(queue, () => rewriter.rewrite(bytes), sink);
      };
    };
    const { lobby, macs } = this.#options;
    // What the acceptor gets is of the dialer, as the acceptor sees it.
    const toAcceptor = { lobby, macs, mask: acceptor.sees, other: acceptor.peerId, connection: this.#toAcceptor };
    const toDialer = { lobby, macs, mask: dialer.sees, other: dialer.peerId, connection: this.#toDialer };
    pipe(left, right, new Rewriter(toAcceptor));
    pipe(right, left, new Rewriter(toDialer));
  }
}

async function gathered(connection: RTCPeerConnection): Promise<void> {
  while (connection.iceGatheringState !== "complete") await new Promise((resolve) => setTimeout(resolve, 5));
}

interface RewriterOptions {
  readonly lobby: string;
  readonly macs: "kept" | "dropped";
  readonly mask: { readonly peerId: PeerId; readonly crypto?: VisitCrypto };
  readonly other: PeerId;
  readonly connection: RTCPeerConnection;
}

/** Puts our own name and proof in place of theirs. */
class Rewriter {
  readonly #options: RewriterOptions;
  #hello: Hello | undefined;

  constructor(options: RewriterOptions) {
    this.#options = options;
  }

  async rewrite(bytes: Uint8Array): Promise<Uint8Array> {
    const { crypto, peerId } = this.#options.mask;
    if (crypto === undefined) return bytes;
    const packet = parseLinkPacket(bytes);
    if (packet.type === "hello") {
      this.#hello = packet.hello;
      return encodeHello({ ...packet.hello, peerId });
    }
    return packet.type === "proof" && this.#hello !== undefined ? encodeProof(await this.#forge(crypto, this.#hello, packet.proof)) : bytes;
  }

  async #forge(crypto: VisitCrypto, { game, instance }: Hello, { mac }: MembershipProof): Promise<MembershipProof> {
    const { lobby, macs, mask, other, connection } = this.#options;
    const transcript = encodeLinkTranscript({
      linkVersion: LINK_VERSION,
      lobby,
      game,
      signer: { peerId: mask.peerId, instance },
      other: { peerId: other, instance: 0 },
      fingerprints: fingerprintsOf(connection),
    });
    return { key: crypto.publicKey, signature: await crypto.sign(transcript), mac: macs === "kept" ? mac?.slice() : undefined };
  }
}

function fingerprintsOf({ localDescription, remoteDescription }: RTCPeerConnection): Fingerprints {
  const [local, remote] = [fingerprintOf(localDescription?.sdp), fingerprintOf(remoteDescription?.sdp)];
  if (local === undefined || remote === undefined) throw new Error("expected: certificates");
  return { local, remote };
}
