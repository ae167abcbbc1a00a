import { expect, test } from "vitest";
import { checksumText } from "../base/checksum.ts";
import { Random } from "../base/random.ts";
import { sequenceOf } from "../base/sequence.ts";
import type { PeerId } from "../base/units.ts";
import type { LinkEvent, LinkMessage } from "../ports/link.ts";
import type { GameIdentity } from "../ports/lobby-protocol.ts";
import type { Transmit } from "../ports/session.ts";
import { RELAY_HEADER_BYTES } from "../ports/transport.ts";
import { encodeFragment } from "./link-codec.ts";
import * as KIND from "./link-kind.ts";
import { LinkMesh } from "./link-mesh.ts";
import { writeRelayed } from "./relay-codec.ts";
import { stampOf, withoutStamp } from "./staleness.ts";
import * as LINK_TIMES from "./link-times.ts";

const GAME: GameIdentity = { id: "tag", version: 1, contentHash: "0badcafe" };
const STEP_MS = 10;

interface End {
  readonly peerId: PeerId;
  readonly mesh: LinkMesh;
  readonly events: LinkEvent[];
  readonly messages: LinkMessage[];
}

/** Members whose connections come to nothing, and a broker between them that carries packets with a delay and some loss. */
class World {
  nowMs = 1_000;
  readonly ends: End[] = [];
  readonly random = new Random(7);
  /** Pairs with a connection of their own that works. */
  readonly connected = new Set<string>();
  brokerDelayMs = 40;
  brokerLossRatio = 0;
  carried = 0;
  readonly #underWay: { readonly dueMs: number; readonly deliver: () => void }[] = [];

  constructor(...peerIds: PeerId[]) {
    for (const peerId of peerIds) {
      const mesh = new LinkMesh({ localPeerId: peerId, game: GAME, random: new Random(peerId.length, peerId) });
      this.ends.push({ peerId, mesh, events: [], messages: [] });
    }
    for (const { mesh, peerId } of this.ends) {
      for (const other of this.ends)
        if (other.peerId !== peerId) mesh.addPeer(this.nowMs, other.peerId, peerId > other.peerId ? "dialer" : "acceptor");
    }
  }

  end(peerId: PeerId): End {
    const end = this.ends.find((item) => item.peerId === peerId);
    if (end === undefined) throw new Error(`no ${peerId}`);
    return end;
  }

  path(from: PeerId, to: PeerId): unknown {
    const stats = this.end(from)
      .mesh.stats()
      .find(({ peerId }) => peerId === to);
    return [stats?.status, stats?.path];
  }

  /** Their own connection works from now on. */
  connect(left: PeerId, right: PeerId): void {
    this.connected.add(`${left} ${right}`).add(`${right} ${left}`);
    this.end(left).mesh.handleChannelsOpen(this.nowMs, right);
    this.end(right).mesh.handleChannelsOpen(this.nowMs, left);
    this.end(left).mesh.setPath(right, "direct");
    this.end(right).mesh.setPath(left, "direct");
  }

  cut(left: PeerId, right: PeerId): void {
    this.connected.delete(`${left} ${right}`);
    this.connected.delete(`${right} ${left}`);
  }

  setBroker(isThere: boolean): void {
    for (const { mesh } of this.ends) mesh.setBroker(this.nowMs, isThere);
  }

  run(durationMs: number): void {
    for (const untilMs = this.nowMs + durationMs; this.nowMs < untilMs;) {
      this.nowMs += STEP_MS;
      this.#underWay.sort((first, second) => first.dueMs - second.dueMs);
      while ((this.#underWay[0]?.dueMs ?? Infinity) <= this.nowMs) this.#underWay.shift()?.deliver();
      for (const end of this.ends) {
        if (this.nowMs >= end.mesh.pollTimeoutMs()) end.mesh.handleTimeout(this.nowMs);
        this.#drain(end);
      }
    }
  }

  /** A session's datagram. */
  send(from: PeerId, to: PeerId, bytes: Uint8Array): void {
    const { mesh } = this.end(from);
    this.#carry(from, mesh.route(this.nowMs, { to, channel: "unreliable", bytes }));
    mesh.handleSent(this.nowMs, to);
  }

  #drain({ peerId, mesh, events, messages }: End): void {
    while (mesh.pollAction() !== undefined);
    for (let next = mesh.pollTransmit(); next !== undefined; next = mesh.pollTransmit()) this.#carry(peerId, next);
    for (let event = mesh.pollEvent(); event !== undefined; event = mesh.pollEvent()) events.push(event);
    for (let message = mesh.pollMessage(); message !== undefined; message = mesh.pollMessage()) messages.push(message);
  }

  #carry(from: PeerId, { to, channel, bytes, by }: Transmit): void {
    const copy = bytes.slice();
    const { mesh } = this.end(to);
    if (by === "broker" && channel !== "unreliable" && channel !== "reliable") throw new Error(`the broker carries no ${channel}`);
    if (by === "broker" && (channel === "unreliable" || channel === "reliable")) {
      this.carried++;
      if (this.random.float() < this.brokerLossRatio) return;
      this.#underWay.push({ dueMs: this.nowMs + this.brokerDelayMs, deliver: () => mesh.handleBrokered(this.nowMs, from, channel, copy) });
    } else if (this.connected.has(`${from} ${to}`)) {
      this.#underWay.push({
        dueMs: this.nowMs + 15,
        deliver: () => {
          if (!mesh.handlePacket(this.nowMs, from, channel, copy))
            this.end(to).messages.push({ from, channel: "unreliable", bytes: withoutStamp(channel, copy) });
        },
      });
    }
  }
}

const [ADA, BOB, CYD] = ["ada", "bob", "cyd"] as [PeerId, PeerId, PeerId];
const DATAGRAM = Uint8Array.of(0x20, 1, 2, 3);

test("[LK180] a pair without any other way is carried by the broker, as `broker`, once its own connection had its time", () => {
  const world = new World(ADA, BOB);
  world.setBroker(true);
  world.run(LINK_TIMES.brokerAfterMs - 100);
  expect([world.carried, world.path(ADA, BOB)]).toEqual([0, ["connecting", "connecting"]]);
  world.run(1_000);
  expect([world.path(ADA, BOB), world.path(BOB, ADA)]).toEqual([
    ["open", "broker"],
    ["open", "broker"],
  ]);
  expect(world.end(ADA).mesh.stats()[0]).not.toHaveProperty("via");
  world.send(ADA, BOB, DATAGRAM);
  world.run(100);
  expect(world.end(BOB).messages).toEqual([{ from: ADA, channel: "unreliable", bytes: DATAGRAM }]);
  expect(world.end(ADA).mesh.refusals()).toEqual({});
});

test("[LK180] what must arrive arrives once and in order, whatever the broker drops", () => {
  const world = new World(ADA, BOB);
  world.setBroker(true);
  world.brokerLossRatio = 0.2;
  world.run(6_000);
  expect(world.path(ADA, BOB)).toEqual(["open", "broker"]);
  const sent: Uint8Array[] = [];
  for (let index = 0; index < 40; index++) {
    const bytes = new Uint8Array(1 + index * 700).fill(index);
    bytes[0] = 0x20;
    sent.push(bytes);
    expect(world.end(ADA).mesh.sendReliable(world.nowMs, BOB, bytes)).toBe(true);
    world.run(100);
  }
  world.run(20_000);
  expect(world.end(BOB).messages.map(({ bytes }) => bytes)).toEqual(sent);
});

test("[LK181] a connection of the pair's own, and a member in the middle, are taken before the broker", () => {
  const world = new World(ADA, BOB, CYD);
  world.setBroker(true);
  world.connect(CYD, ADA);
  world.connect(CYD, BOB);
  world.run(5_000);
  expect(world.path(ADA, BOB)).toEqual(["open", "peer"]);
  expect(world.carried).toBe(0);
  world.cut(CYD, BOB);
  world.run(6_000);
  expect([world.path(ADA, BOB), world.path(CYD, BOB)]).toEqual([
    ["open", "broker"],
    ["open", "broker"],
  ]);
  world.connect(ADA, BOB);
  world.run(6_000);
  expect(world.path(ADA, BOB)).toEqual(["open", "direct"]);
  world.run(3_000);
  // Cyd has one in the middle again.
  expect(world.path(CYD, BOB)).toEqual(["open", "peer"]);
  const { carried } = world;
  world.run(5_000);
  expect(world.carried - carried).toBe(0);
});

test("[LK182] without the broker's leave nothing goes to it or is taken from it, and a broker that is gone is no way", () => {
  const world = new World(ADA, BOB);
  world.run(8_000);
  expect(world.carried).toBe(0);
  world.end(ADA).mesh.handleBrokered(world.nowMs, BOB, "unreliable", DATAGRAM);
  world.end(ADA).mesh.handleBrokered(world.nowMs, CYD, "unreliable", DATAGRAM);
  expect(world.end(ADA).mesh.refusals()).toEqual({ "relay-no-way": 1, "unknown-peer": 1 });
  world.setBroker(true);
  world.run(2_000);
  expect(world.path(ADA, BOB)).toEqual(["open", "broker"]);
  world.setBroker(false);
  const { carried } = world;
  world.run(3_000);
  expect(world.carried).toBe(carried);
  expect(world.path(ADA, BOB)).toEqual(["suspect", expect.anything()]);
  world.setBroker(true);
  world.run(2_000);
  expect(world.path(ADA, BOB)).toEqual(["open", "broker"]);
});

test("[LK183] a peer that speaks for itself on its own connection is not spoken for by the broker or by a member", () => {
  const world = new World(ADA, BOB, CYD);
  world.setBroker(true);
  for (const [left, right] of [
    [ADA, BOB],
    [ADA, CYD],
    [BOB, CYD],
  ] as const)
    world.connect(left, right);
  world.run(5_000);
  expect(world.path(ADA, BOB)).toEqual(["open", "direct"]);
  const { mesh, messages } = world.end(BOB);
  const stamp = stampOf(world.nowMs);
  const forged = Uint8Array.of(...DATAGRAM, stamp & 0xff, stamp >> 8);
  const fragment = encodeFragment(sequenceOf(0), true, DATAGRAM);
  for (let round = 0; round < 20; round++) {
    mesh.handleBrokered(world.nowMs, ADA, "unreliable", forged);
    mesh.handleBrokered(world.nowMs, ADA, "reliable", fragment);
    const relayed = new Uint8Array(RELAY_HEADER_BYTES + forged.length);
    writeRelayed(relayed, KIND.relayed, checksumText(ADA), forged);
    mesh.handlePacket(world.nowMs, CYD, "unreliable", relayed);
    world.run(50);
  }
  expect(messages).toEqual([]);
  expect(mesh.refusals()).toEqual({ "relay-needless": 60 });
  // Where it has no connection that brings anything, it is.
  world.cut(ADA, BOB);
  world.run(4_000);
  world.send(ADA, BOB, DATAGRAM);
  expect(world.end(ADA).mesh.sendReliable(world.nowMs, BOB, DATAGRAM)).toBe(true);
  world.run(1_000);
  expect(messages.filter(({ from }) => from === ADA)).toHaveLength(2);
});
