/** Many nodes on one store, whatever happens to members, nodes and Redis: who owns what, and that all of it heals. */
import assert from "node:assert/strict";
import { Random } from "@rollcall/netcode/core";
import { normalizeLobbyCode, type LobbyCode } from "@rollcall/netcode/lobby-protocol";
import { expect, test, vi } from "vitest";
import { IS_DEEP } from "../../../scripts/deep.ts";
import { NODE_SILENCE_MS } from "../src/node-watch.ts";
import { code } from "./lobby-fixture.ts";
import { ClusterWorld, livingOf, VirtualSignal } from "./cluster-world.ts";
import { START_MS, useVirtualTime } from "./virtual-time.ts";
import { STEP_MS } from "./virtual-broker.ts";
import type { VirtualMember } from "./virtual-world.ts";

const SEEDS = IS_DEEP ? 10_000 : 60;
const FIRST_SEED = Number(process.env["ROLLCALL_SEED"] ?? 1);
/** Found by earlier runs, and mended: a seat whose write was not answered; an id of which a node heard in the wrong order that it went from one lobby to another; a node that could not subscribe, was never found away, and took all others for dead. */
const FOUND_SEEDS: ReadonlySet<number> = new Set([252, 2_422, 4_141, 5_067, 7_453]);
/** And since Redis forgets: a node whose members went elsewhere, and that heard nothing more of a lobby of which somebody signaled there; two sockets of one stock client, whose claims had one token; a member that hosts by now, whose old lobby was brought back. */
const FOUND_LATER = [308, 6_301, 8_260];
const TROUBLE_MS = 12_000;
/** As long a peace without anything wrong: a node lets go, and looks after what it has, each second. */
const CALM_MS = 2_000;
/** How often all is looked at. */
const LOOK_MS = 500;
/** A held connection is dead after 10 s, a member comes back within 8, a node that is dead is found after 5. */
const PEACE_MS = 10_000 + 8_000 + NODE_SILENCE_MS + 4_000 + CALM_MS;

interface Tally {
  writes: number;
  killed: number;
  forgotten: number;
  restored: number;
  hung: number;
  down: number;
  cutOff: number;
  slow: number;
  returns: number;
  hosts: number;
  kicks: number;
  abandoned: number;
  twice: number;
  stood: number;
  strangers: number;
  taken: number;
  carried: number;
}

useVirtualTime();

class Trouble {
  readonly world: ClusterWorld;
  readonly random: Random;
  readonly tally: Tally;
  readonly rooms: { readonly code: LobbyCode; readonly members: VirtualMember[] }[] = [];
  #count = 0;
  #nodes: number;
  #latecomer: VirtualMember | undefined;
  /** What was found earlier plays as it did, without what was thought of later. */
  readonly #isNew: boolean;

  constructor(seed: number, tally: Tally) {
    this.#isNew = !FOUND_SEEDS.has(seed);
    this.random = new Random(seed, "cluster");
    this.#nodes = 2 + this.random.integer(2);
    this.world = new ClusterWorld(seed, this.random, this.#nodes);
    this.tally = tally;
  }

  async open(): Promise<void> {
    for (const name of ["ada", "bob"]) {
      const host = this.world.host(name, 5);
      await this.world.until(() => host.member.connected);
      const opened = normalizeLobbyCode(host.member.lobby?.code ?? "");
      if (opened === undefined) throw new Error("no code");
      const members = [host, ...["cyd", "dan"].map((guest) => this.world.join(`${guest}-of-${name}`, opened))];
      this.rooms.push({ code: opened, members });
    }
    for (const name of ["eve", "fay"]) {
      for (const token of ["a", "b"]) this.world.addSignal(new VirtualSignal(`${name}-stock`, `token-${token}`, true));
    }
    await this.world.run(300);
    if (this.#isNew) await this.#standStill();
  }

  act(): void {
    const { world, random, tally } = this;
    const room = this.rooms[random.integer(this.rooms.length)];
    const member = room && pick(random, livingOf(world, room.members));
    switch (random.integer(this.#isNew ? 21 : 20)) {
      case 0:
      case 1:
        return member?.cut();
      case 2:
        if (member !== undefined) member.isHeld = !member.isHeld;
        return;
      case 3:
        if (room !== undefined && member?.member.admission !== undefined && livingOf(world, room.members).length > 1) member.member.leave();
        return;
      case 4:
        if (room !== undefined && room.members.length < 9) room.members.push(world.join(`late-${this.#count++}`, room.code));
        return;
      case 5:
        return this.#kick(room, member);
      case 6:
        if (member?.member.lobby !== undefined) member.request({ type: "set-metadata", metadata: random.integer(100) });
        return;
      case 7:
        return this.#reload(room, member);
      case 8:
        return this.#joinTwice();
      case 9:
      case 10:
        return this.#kill();
      case 11:
        tally.hung++;
        world.redis.state = "hung";
        return;
      case 12:
        tally.down++;
        world.redis.state = "down";
        return;
      case 13: {
        const node = pick(random, world.nodes);
        if (node !== undefined) node.shared.isCutOff = true;
        tally.cutOff++;
        return;
      }
      case 14:
        tally.slow++;
        world.delayMs = pick(random, [5, 60, 500]) ?? 0;
        return;
      case 15:
        return pick(random, world.signals)?.cut();
      case 16:
        tally.abandoned++;
        return pick(random, world.signals)?.abandon();
      case 20:
        if (random.chance(0.7)) return this.#mend();
        tally.forgotten++;
        return world.forget();
      default:
        return this.#mend();
    }
  }

  /** Sockets that are down come up at some node. */
  connectSignals(): void {
    const { world, random } = this;
    for (const { members } of this.rooms) {
      for (const { member } of livingOf(world, members)) {
        const { admission } = member;
        if (admission === undefined || world.signals.some(({ id, isOver }) => id === admission.peerId && !isOver)) continue;
        world.addSignal(new VirtualSignal(admission.peerId, admission.signalingToken, false));
      }
    }
    for (const signal of world.signals) {
      // Two windows of one stock client come one after the other.
      if (!signal.isConnecting && random.chance(signal.isStranger ? 0.05 : 0.3)) signal.connect(world.reach());
    }
  }

  heal(): void {
    const { world } = this;
    for (const member of world.members) member.isHeld = member.isCutOff = false;
    world.redis.state = "up";
    world.delayMs = 0;
    for (const { shared } of world.nodes) shared.isCutOff = false;
    while (world.nodes.length < this.#nodes) world.startNode();
  }

  /** Throws while not everything is as it should be. */
  async assertHealed(): Promise<void> {
    const { world } = this;
    for (const { shared } of world.nodes) assert.ok(shared.bus.isUp, "every node has its store");
    const open = world.openSignals();
    for (const [id, count] of world.served()) assert.ok(count <= 1, `one owner of ${id}`);
    for (const room of this.rooms) {
      const record = await world.stored(room.code);
      const living = livingOf(world, room.members);
      for (const { member, name, peerId } of living) {
        assert.ok(member.connected, `${name} is connected`);
        assert.deepEqual(plain(member.lobby), plain(record?.lobby), `what ${name} sees`);
        assert.ok(open.has(peerId), `${name} can be reached`);
      }
      assert.equal(living.filter(({ isHost }) => isHost).length, living.length === 0 ? 0 : 1, "one host");
      const connected = record?.lobby.members.filter((member) => member.connected).map(({ peerId }) => peerId) ?? [];
      // Where nobody is left, no node looks after it: it is forgotten as a whole.
      if (living.length > 0)
        assert.deepEqual(connected.toSorted(), living.map(({ peerId }) => peerId).toSorted(), "who is shown as connected is there");
    }
  }

  /** Everything is as it should be, and a signal from anybody reaches everybody. */
  async check(): Promise<void> {
    const { world, tally } = this;
    await this.assertHealed();
    const open = world.openSignals();
    tally.writes += world.history.writes;
    if (this.#latecomer?.member.admission !== undefined) tally.stood++;
    tally.strangers += world.signals.reduce((sum, { isStranger, opened }) => sum + (isStranger ? opened : 0), 0);
    tally.taken += world.signals.filter(({ isTaken }) => isTaken).length;
    for (const { code: ours, members } of this.rooms) {
      tally.returns += members.reduce((sum, { events }) => sum + events.filter(({ type }) => type === "broker-back").length, 0);
      const { hostEpoch = 1 } = (await world.stored(ours))?.lobby ?? {};
      // Epochs of a lobby that was brought back are counted on from the clock.
      if (hostEpoch > 1_000_000) tally.restored++;
      else tally.hosts += hostEpoch - 1;
      const ends = livingOf(world, members).flatMap(({ peerId }) => open.get(peerId) ?? []);
      const pairs = ends.flatMap((from) =>
        ends.filter((to) => to !== from).map((to) => ({ from, to, mark: `to ${to.id} from ${from.id}` })),
      );
      for (const { from, to, mark } of pairs) from.send(to.id, mark);
      await world.run(100);
      for (const { from, to, mark } of pairs) {
        assert.ok(to.heard.includes(mark), `${from.id} reaches ${to.id}`);
        if (from.at !== to.at) tally.carried++;
      }
    }
  }

  /**
   * A page joins one lobby, in which nothing else happens, its node stands still right after it claimed its id, the page is gone, and its key comes into
   * another lobby once the claim counts no more.
   */
  async #standStill(): Promise<void> {
    const { world, random } = this;
    const [here, there] = [code("KXRTM"), code("BBBBB")];
    for (const each of [here, there]) await world.reach().open(each, `host-${each}`);
    const [startMs, stillMs, laterMs] = [random.integer(6_000), 5_000 + random.integer(3_000), 5_050 + random.integer(1_500)];
    setTimeout(() => {
      const member = world.twin("still", here);
      world.standStill(member, stillMs);
      setTimeout(() => member.kill(), 600);
    }, startMs);
    setTimeout(() => (this.#latecomer = world.twin("still", there)), startMs + laterMs);
  }

  #kick(room: Trouble["rooms"][number] | undefined, member: VirtualMember | undefined): void {
    const host = room?.members.find((each) => each.isHost && each.end === undefined);
    if (host === undefined || member?.member.admission === undefined || member === host) return;
    this.tally.kicks++;
    host.request({ type: "kick", peerId: member.peerId });
  }

  #reload(room: Trouble["rooms"][number] | undefined, member: VirtualMember | undefined): void {
    if (room === undefined || member?.member.admission === undefined) return;
    member.kill();
    for (const signal of this.world.signals) {
      if (signal.id !== member.peerId) continue;
      signal.isOver = true;
      signal.cut();
    }
    room.members[room.members.indexOf(member)] = this.world.resume(member.name, room.code, member.secret, member.keepsakes.at(-1));
  }

  /** One page's key, in two lobbies at once, and twice in each. */
  #joinTwice(): void {
    const name = `twin-${this.#count++}`;
    if (this.#count > 3) return;
    this.tally.twice++;
    // A page asks again when it hears nothing: two of its attempts may be on their way to the same lobby, through two nodes.
    for (const room of [...this.rooms, ...this.rooms]) room.members.push(this.world.twin(name, room.code));
    if (!this.#isNew) return;
    // And once more, in another lobby than the one that it may have been in for long by then.
    setTimeout(() => void this.world.twin(name, code("BBBBB")), 5_500);
  }

  #kill(): void {
    if (this.world.nodes.length < 2) return this.world.startNode();
    this.tally.killed++;
    this.world.killNode(this.random.integer(this.world.nodes.length));
  }

  #mend(): void {
    const { world, random } = this;
    if (random.chance(0.7)) world.redis.state = "up";
    if (random.chance(0.5)) world.delayMs = 0;
    for (const { shared } of world.nodes) if (random.chance(0.5)) shared.isCutOff = false;
    if (world.nodes.length < this.#nodes) world.startNode();
  }
}

function pick<Item>(random: Random, items: readonly Item[]): Item | undefined {
  return items[random.integer(Math.max(1, items.length))];
}

/** As it goes over the wire. */
function plain(value: unknown): unknown {
  return value === undefined ? undefined : JSON.parse(JSON.stringify(value));
}

async function run(seed: number, tally: Tally): Promise<void> {
  vi.setSystemTime(START_MS);
  const trouble = new Trouble(seed, tally);
  const { world, random } = trouble;
  await trouble.open();
  for (const endMs = Date.now() + TROUBLE_MS; Date.now() < endMs;) {
    trouble.act();
    trouble.connectSignals();
    await world.run(STEP_MS * (1 + random.integer(24)));
  }
  trouble.heal();
  let calmMs = 0;
  for (const endMs = Date.now() + PEACE_MS; Date.now() < endMs && calmMs < CALM_MS;) {
    trouble.connectSignals();
    await world.run(LOOK_MS);
    const isHealed = await trouble.assertHealed().then(
      () => true,
      () => false,
    );
    calmMs = isHealed ? calmMs + LOOK_MS : 0;
  }
  await trouble.check();
  world.end();
  vi.clearAllTimers();
}

test(`[CL40] ${SEEDS} clusters in trouble: an id and a seat have one owner, an epoch has one host, and all of it heals`, async () => {
  const tally: Tally = {
    writes: 0,
    killed: 0,
    forgotten: 0,
    restored: 0,
    hung: 0,
    down: 0,
    cutOff: 0,
    slow: 0,
    returns: 0,
    hosts: 0,
    kicks: 0,
    abandoned: 0,
    twice: 0,
    stood: 0,
    strangers: 0,
    taken: 0,
    carried: 0,
  };
  const seeds = [...FOUND_SEEDS, ...FOUND_LATER, ...Array.from({ length: SEEDS }, (_, index) => FIRST_SEED + index)];
  for (const [index, seed] of seeds.entries()) {
    if (index % 500 === 499) process.stdout.write(`${index + 1} clusters\n`);
    try {
      await run(seed, tally);
    } catch (error) {
      throw new Error(`seed ${seed}: ROLLCALL_SEED=${seed} npx vitest run --project sim packages/broker/test/cluster`, { cause: error });
    }
  }
  process.stdout.write(`DEEP cluster: ${SEEDS} seeds, 0 failed; ${JSON.stringify(tally)}\n`);
  for (const [name, count] of Object.entries(tally)) expect({ [name]: count > SEEDS / 4 }).toEqual({ [name]: true });
}, 36_000_000);
