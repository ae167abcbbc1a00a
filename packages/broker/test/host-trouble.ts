import assert from "node:assert/strict";
import type { Random } from "@rollcall/netcode/core";
import { LOBBY_TIMES, type LobbyCode, type LobbyState, type PeerId } from "@rollcall/netcode/lobby-protocol";
import { STEP_MS } from "./virtual-broker.ts";
import type { VirtualMember, VirtualWorld } from "./virtual-world.ts";

/** What happened in all runs: a run in which nothing did shows nothing. */
export interface Tally {
  hosts: number;
  takeovers: number;
  restarts: number;
  restored: number;
  resumes: number;
}

/** One lobby in trouble, and what must never be seen in it. */
export class Trouble {
  readonly world: VirtualWorld;
  readonly code: LobbyCode;
  readonly members: VirtualMember[];
  readonly #random: Random;
  readonly #tally: Tally;
  /** The host of each epoch, as the broker or any member has ever seen it. */
  readonly #hosts = new Map<number, PeerId>();

  #count = 0;

  constructor(world: VirtualWorld, options: { code: LobbyCode; members: VirtualMember[]; random: Random; tally: Tally }) {
    this.world = world;
    this.code = options.code;
    this.members = options.members;
    this.#random = options.random;
    this.#tally = options.tally;
    world.watch = () => this.#watch();
  }

  async #watch(): Promise<void> {
    const record = await this.world.broker.lobby(this.code);
    if (record !== undefined && this.world.broker.alive) {
      const { hostId, hostEpoch, members } = record.lobby;
      this.#see(hostEpoch, hostId);
      assert.ok(
        members.some(({ peerId }) => peerId === hostId),
        "the host is a member",
      );
      const away = record.seats.find(({ peerId }) => peerId === hostId)?.disconnectedAtMs ?? null;
      const late = away !== null && Date.now() - away > LOBBY_TIMES.hostTakeoverMs + 2 * STEP_MS;
      assert.ok(!late || !members.some(({ connected }) => connected), "a host that is away while others are here is followed");
    }
    for (const { member } of this.world.members) if (member.lobby !== undefined) this.#see(member.lobby.hostEpoch, member.lobby.hostId);
  }

  #see(epoch: number, hostId: PeerId): void {
    const known = this.#hosts.get(epoch);
    if (known === undefined) this.#tally.hosts++;
    else assert.equal(hostId, known, `the host of epoch ${epoch}`);
    this.#hosts.set(epoch, hostId);
  }

  get living(): VirtualMember[] {
    return this.members.filter((member) => this.world.members.has(member) && member.end === undefined);
  }

  async act(): Promise<void> {
    const random = this.#random;
    const member = this.living[random.integer(Math.max(1, this.living.length))];
    if (member === undefined) return;
    const other = this.living[random.integer(this.living.length)] ?? member;
    switch (random.integer(12)) {
      case 0:
      case 1:
        member.cut();
        break;
      case 2:
        member.isHeld = true;
        break;
      case 3:
        member.isHeld = false;
        break;
      case 4:
        member.isCutOff = true;
        member.cut();
        break;
      case 5:
        member.isCutOff = false;
        break;
      case 6:
        this.#reload(member);
        break;
      case 7:
        if (this.living.length > 2) member.member.leave();
        break;
      case 8:
        if (member.isHost && other.member.admission !== undefined) member.request({ type: "transfer-host", peerId: other.peerId });
        break;
      case 9:
        if (member.member.lobby !== undefined) member.request({ type: "set-metadata", metadata: random.integer(100) });
        break;
      case 10:
        if (this.members.length < 8) this.members.push(this.world.join(`late-${this.#count++}`, this.code));
        break;
      default:
        this.#tally.restarts++;
        await this.world.restart(random.integer(4_000));
    }
  }

  /** Everything works again. */
  heal(): void {
    for (const member of this.world.members) {
      member.isHeld = false;
      member.isCutOff = false;
    }
  }

  async check(): Promise<void> {
    const record = await this.world.broker.lobby(this.code);
    this.#tally.resumes += this.members.reduce((sum, { events }) => sum + events.filter(({ type }) => type === "broker-back").length, 0);
    if ((record?.lobby.hostEpoch ?? 0) > 1_000_000) this.#tally.restored++;
    this.#tally.takeovers += this.members.reduce(
      (sum, { events }) => sum + events.filter((event) => event.type === "change" && event.change.type === "host-changed").length,
      0,
    );
    for (const { member, name } of this.living) {
      assert.ok(member.connected, `${name} is connected`);
      assert.deepEqual(stripped(member.lobby), stripped(record?.lobby), `what ${name} sees`);
    }
    const hosts = this.living.filter(({ isHost }) => isHost);
    assert.equal(hosts.length, this.living.length === 0 ? 0 : 1, "one host");
  }

  /** The page is gone and comes again, with what the tab kept. */
  #reload(member: VirtualMember): void {
    if (member.member.admission === undefined) return;
    member.kill();
    this.members[this.members.indexOf(member)] = this.world.resume(member.name, this.code, member.secret, member.keepsakes.at(-1));
  }
}

/** As it goes over the wire: without fields that are undefined. */
function stripped(state: LobbyState | undefined): unknown {
  return state === undefined ? undefined : JSON.parse(JSON.stringify(state));
}
