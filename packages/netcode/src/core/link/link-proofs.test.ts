import { describe, expect, it } from "vitest";
import { checkOf, proveAs, type StandInInvite } from "../../../test/stand-in-keeper.ts";
import { Random } from "../base/random.ts";
import { sequenceOf } from "../base/sequence.ts";
import type { PeerId } from "../base/units.ts";
import type { LinkAction } from "../ports/link.ts";
import type { Fingerprints, MembershipProof } from "../ports/membership.ts";
import { encodeFragment, encodeGoodbye, encodeHello, encodeProof, encodeStreamAck, parseLinkPacket } from "./link-codec.ts";
import { LinkCarrier } from "./link-carrier.ts";
import { LinkMesh } from "./link-mesh.ts";
import { LinkOutput } from "./link-output.ts";
import { LinkProofs } from "./link-proofs.ts";
import { RosterExchange } from "./roster-exchange.ts";

const GAME = { id: "tag", version: 1, contentHash: "0badcafe" };
const ADA = "ada" as PeerId;
const BOB = "bob" as PeerId;
const fingerprint = (byte: number): Uint8Array => new Uint8Array(32).fill(byte);
/** Of one connection, as each end sees it. */
const AT_ADA: Fingerprints = { local: fingerprint(0xaa), remote: fingerprint(0xbb) };
const AT_BOB: Fingerprints = { local: fingerprint(0xbb), remote: fingerprint(0xaa) };

/** One end: all that its mesh sends, and a keeper that answers at once, when it is told to. */
class End {
  readonly mesh: LinkMesh;
  readonly sent: Uint8Array[] = [];
  readonly actions: (LinkAction & { readonly type: "prove" | "check" })[] = [];
  readonly closed: string[] = [];
  invite: StandInInvite | undefined;
  readonly #other: PeerId;
  readonly #name: PeerId;

  constructor(name: PeerId, other: PeerId, lobby = "KXRTM") {
    this.mesh = new LinkMesh({ localPeerId: name, game: GAME, random: new Random(7, name), lobby });
    this.#name = name;
    this.#other = other;
  }

  open(role: "dialer" | "acceptor", fingerprints?: Fingerprints): this {
    this.mesh.addPeer(0, this.#other, role);
    this.mesh.handleChannelsOpen(100, this.#other, fingerprints);
    return this.drain();
  }

  take(bytes: Uint8Array, nowMs = 150): this {
    this.mesh.handlePacket(nowMs, this.#other, "reliable", bytes);
    return this.drain();
  }

  /** Makes and checks what was asked for. */
  keep(): this {
    for (const action of this.actions.splice(0)) {
      if (action.type === "prove") {
        this.mesh.handleProved(150, this.#other, action.request, proveAs(this.#name, action.transcript, this.invite?.secret));
      } else {
        this.mesh.handleChecked(150, this.#other, action.request, checkOf(this.#other, action.transcript, action.proof, this.invite));
      }
    }
    return this.drain();
  }

  drain(): this {
    for (let action = this.mesh.pollAction(); action !== undefined; action = this.mesh.pollAction())
      if (action.type === "prove" || action.type === "check") this.actions.push(action);
    for (let packet = this.mesh.pollTransmit(); packet !== undefined; packet = this.mesh.pollTransmit())
      if (packet.channel === "reliable") this.sent.push(packet.bytes.slice());
    for (let event = this.mesh.pollEvent(); event !== undefined; event = this.mesh.pollEvent())
      if (event.type === "link-closed") this.closed.push(event.reason);
    return this;
  }

  get proof(): MembershipProof {
    const packets = this.sent.map(parseLinkPacket);
    const proof = packets.find((packet) => packet.type === "proof");
    if (proof?.type !== "proof") throw new Error("expected: a proof");
    return proof.proof;
  }

  get isKnown(): boolean {
    // Whoever is known gets a session's packet through.
    return !this.mesh.handlePacket(150, this.#other, "unreliable", Uint8Array.of(0x20, 1, 0, 0));
  }

  get refused(): readonly string[] {
    return this.sent.flatMap((bytes) => {
      const packet = parseLinkPacket(bytes);
      return packet.type === "refusal" ? [packet.reason] : [];
    });
  }
}

const helloOfBob = (instance = 77): Uint8Array =>
  encodeHello({ capabilities: 0, instance, game: GAME, peerId: BOB, knownInstance: 0, expectedSequence: sequenceOf(0) });

/** Ada, open, with Bob's hello. */
function greeted(fingerprints: Fingerprints | undefined = AT_ADA): End {
  return new End(ADA, BOB).open("dialer", fingerprints).keep().take(helloOfBob());
}

/** A proof of Bob for the connection that `fingerprints` are of. */
function proofOfBob(fingerprints: Fingerprints = AT_BOB, lobby = "KXRTM", other: PeerId = ADA): MembershipProof {
  const bob = new End(BOB, other, lobby).open("acceptor", fingerprints).keep();
  return bob.proof;
}

/** As Bob says them: hello and proof belong together. */
function introduction(lobby?: string, fingerprints: Fingerprints = AT_BOB): Uint8Array[] {
  return new End(BOB, ADA, lobby).open("acceptor", fingerprints).keep().sent;
}

describe("members prove who they are", () => {
  it("[ID40] the proof leaves right behind the hello, before anything of the peer has come", () => {
    const ada = new End(ADA, BOB).open("dialer", AT_ADA).keep();
    expect(ada.sent.map((bytes) => parseLinkPacket(bytes).type)).toEqual(["hello", "proof"]);
  });

  it("[ID40] a peer is known once its proof was checked, in whatever order hello and proof were heard", () => {
    for (const order of [
      [0, 1],
      [1, 0],
    ]) {
      const ada = new End(ADA, BOB).open("dialer", AT_ADA);
      const said = introduction();
      for (const index of order) ada.take(said[index] ?? new Uint8Array(0));
      expect(ada.isKnown).toBe(false);
      ada.keep();
      expect(ada.isKnown).toBe(true);
      expect(ada.mesh.stats()).toMatchObject([{ status: "open", verified: "key" }]);
      expect(ada.closed).toEqual([]);
    }
  });

  it("[ID41] until then nothing is believed: no goodbye, no ack, no part of a stream, no packet of a session", () => {
    const ada = greeted();
    const early = [encodeGoodbye("closed"), encodeStreamAck(sequenceOf(0)), encodeFragment(sequenceOf(0), true, Uint8Array.of(1))];
    for (const bytes of [...early, Uint8Array.of(0x20, 1), Uint8Array.of(0x61, 1)]) ada.take(bytes);
    ada.mesh.handlePacket(150, BOB, "unreliable", Uint8Array.of(0x20, 1, 0, 0));
    expect(ada.drain().mesh.refusals()["before-hello"]).toBe(early.length + 2);
    expect([ada.mesh.status(BOB), ada.closed, ada.mesh.pollMessage()]).toEqual(["connecting", [], undefined]);
  });

  it.each([
    ["of another connection", () => introduction(undefined, { local: fingerprint(0xbb), remote: fingerprint(0xcc) })],
    ["of another certificate of its own", () => introduction(undefined, { local: fingerprint(0xcc), remote: fingerprint(0xaa) })],
    ["of another lobby", () => introduction("BCDFG")],
    ["for another member", () => [helloOfBob(), encodeProof(proofOfBob(AT_BOB, "KXRTM", "cyd" as PeerId))]],
    ["of another instance", () => [helloOfBob(78), encodeProof(proofOfBob())]],
    ["that is our own, sent back", () => [helloOfBob(), encodeProof(new End(ADA, BOB).open("dialer", AT_ADA).keep().proof)]],
    ["of another member", () => [helloOfBob(), encodeProof(proveAs("cyd", new Uint8Array(10)))]],
    ["of zeros", () => [helloOfBob(), new Uint8Array(97).fill(0x0f, 0, 1)]],
  ])("[ID42] a proof %s ends the link for good, and says why", (_what, said) => {
    const ada = new End(ADA, BOB).open("dialer", AT_ADA).keep();
    for (const bytes of said()) ada.take(bytes);
    ada.keep();
    expect(ada.closed).toEqual(["identity-mismatch"]);
    expect(ada.refused).toEqual(["identity-mismatch"]);
    expect([ada.isKnown, ada.mesh.refusals()["bad-proof"]]).toEqual([false, 1]);
    ada.mesh.handleTimeout(60_000);
    ada.mesh.handleTimeout(120_000);
    const actions: unknown[] = [];
    for (let action = ada.mesh.pollAction(); action !== undefined; action = ada.mesh.pollAction()) actions.push(action.type);
    expect(actions).toEqual(["hang-up"]);
  });

  it("[ID42] whoever is told so closes too, with the same reason", () => {
    const ada = greeted();
    const bob = new End(BOB, ADA).open("acceptor", { local: fingerprint(0xbb), remote: fingerprint(0xcc) }).keep();
    for (const bytes of bob.sent) ada.take(bytes);
    ada.keep();
    for (const bytes of ada.sent) bob.take(bytes);
    expect([ada.closed, bob.closed]).toEqual([["identity-mismatch"], ["identity-mismatch"]]);
  });

  it("[ID43] a connection whose certificates cannot be told is refused", () => {
    const ada = new End(ADA, BOB).open("dialer", undefined);
    expect([ada.closed, ada.refused]).toEqual([["identity-mismatch"], ["identity-mismatch"]]);
  });

  it("[ID44] members with the secret know each other by it; where it is asked for, others are refused as not invited, at both ends", () => {
    const meet = (hers: StandInInvite | undefined, his: StandInInvite | undefined): unknown[] => {
      const ada = new End(ADA, BOB);
      const bob = new End(BOB, ADA);
      ada.invite = hers;
      bob.invite = his;
      ada.open("dialer", AT_ADA).keep();
      bob.open("acceptor", AT_BOB).keep();
      for (const bytes of bob.sent.slice()) ada.take(bytes);
      for (const bytes of ada.sent.slice()) bob.take(bytes);
      ada.keep();
      bob.keep();
      for (const bytes of ada.sent.slice(2)) bob.take(bytes);
      for (const bytes of bob.sent.slice(2)) ada.take(bytes);
      return [ada, bob].map(({ mesh, closed }) => closed[0] ?? mesh.stats()[0]?.verified);
    };
    const open = { secret: "s", isRequired: false };
    const only = { secret: "s", isRequired: true };
    expect(meet(open, open)).toEqual(["invite", "invite"]);
    expect(meet(open, undefined)).toEqual(["key", "key"]);
    expect(meet(only, only)).toEqual(["invite", "invite"]);
    expect(meet(only, undefined)).toEqual(["not-invited", "not-invited"]);
    expect(meet(open, { secret: "t", isRequired: false })).toEqual(["identity-mismatch", "identity-mismatch"]);
  });

  it("[ID45] one proof at a time is checked, and one of ours is made for each connection, whatever is said and how often", () => {
    const ada = greeted();
    for (let count = 0; count < 1_000; count++) {
      ada.take(encodeProof(proveAs(`eve ${count}`, new Uint8Array(3))));
      ada.take(helloOfBob());
      ada.take(helloOfBob(100 + count));
    }
    expect(ada.actions.map(({ type }) => type)).toEqual(["check"]);
  });

  it("[ID45] answers that nobody asked for, or that come late, change nothing", () => {
    const ada = greeted();
    const said = introduction();
    ada.mesh.handleChecked(150, BOB, 99, "key");
    ada.mesh.handleProved(150, BOB, 99, proveAs("ada", new Uint8Array(3)));
    ada.take(said[1] ?? new Uint8Array(0));
    const late = ada.actions.splice(0);
    ada.mesh.handleChannelsClosed(200, BOB, "remote");
    for (const { request } of late) ada.mesh.handleChecked(210, BOB, request, "key");
    expect([ada.mesh.status(BOB), ada.closed, ada.mesh.stats()[0]?.verified]).toEqual(["connecting", [], undefined]);
  });

  it("[ID57] a member in the middle that makes up proofs has few of them checked", () => {
    const output = new LinkOutput();
    const carrier = (): LinkCarrier => new LinkCarrier({ kind: "none", attemptMs: Infinity }, () => {});
    const carriers = { direct: carrier(), relay: carrier() };
    const options = {
      localPeerId: ADA,
      peerId: BOB,
      role: "dialer",
      game: GAME,
      capabilities: 0,
      isMutual: false,
      instance: 1,
      lobby: "KXRTM",
    } as const;
    const relays = { hasOthers: () => true, canForward: () => true, checkSoon: () => {}, send: () => {}, offers: () => [] };
    const accepted: number[] = [];
    const proofs = new LinkProofs(
      { ...options, random: new Random(1), output, relays, rosters: new RosterExchange({ lobby: "KXRTM", trust: undefined, output }) },
      { carriers, accept: (nowMs) => accepted.push(nowMs), refuse: () => expect.unreachable("what is made up ends nothing") },
    );
    const hello = { capabilities: 0, instance: 77, game: GAME, peerId: BOB, knownInstance: 0, expectedSequence: sequenceOf(0) };
    proofs.handleHello(1_000, carriers.relay, carriers.relay.open(1_000, Infinity, false), hello);
    const checked: number[] = [];
    for (let nowMs = 1_000; nowMs < 6_000; nowMs += 5) {
      proofs.handleProof(nowMs, carriers.relay, proveAs("eve", Uint8Array.of(1)));
      for (const action of output.actions.splice(0)) {
        if (action.type !== "check") continue;
        checked.push(nowMs);
        proofs.handleChecked(nowMs, action.request, nowMs >= 5_000 ? "key" : "identity-mismatch");
      }
    }
    expect(checked.length).toBeGreaterThan(10);
    expect(checked.length).toBeLessThanOrEqual(14);
    // And a true one among them is accepted all the same.
    expect(accepted.length).toBeGreaterThan(0);
    expect(output.refusals()["bad-proof"]).toBeGreaterThan(980);
  });

  it("[ID46] where the mesh has no lobby nobody proves anything, and a proof is refused", () => {
    const mesh = new LinkMesh({ localPeerId: ADA, game: GAME, random: new Random(1) });
    mesh.addPeer(0, BOB, "dialer");
    mesh.handleChannelsOpen(100, BOB);
    mesh.handlePacket(150, BOB, "reliable", encodeProof(proofOfBob()));
    mesh.handlePacket(150, BOB, "reliable", helloOfBob());
    mesh.handlePacket(150, BOB, "unreliable", Uint8Array.of(0x20, 1, 0, 0));
    expect(mesh.refusals()).toEqual({ "bad-proof": 1 });
    expect(mesh.stats()[0]?.verified).toBeUndefined();
    expect(mesh.status(BOB)).toBe("open");
  });
});
