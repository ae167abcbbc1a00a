import { Random } from "../src/core/base/random.ts";
import { LobbyMember } from "../src/core/lobby/lobby-member.ts";
import type { LobbyMemberEvent } from "../src/core/lobby/lobby-member-outputs.ts";
import type { LobbyEntrance } from "../src/core/lobby/lobby-entrance.ts";
import type { GameIdentity, LobbyCommand, Profile } from "../src/core/ports/lobby-protocol.ts";
import type { PeerId } from "../src/core/base/units.ts";
import { BrokerDouble } from "./broker-double.ts";
import type { DoubleSocket } from "./broker-double.ts";

export const GAME: GameIdentity = { id: "tag", version: 1, contentHash: "0123abcd" };

export function profile(name: string): Profile {
  return { name, colour: 1, choices: null };
}

/** Members and a broker double in virtual time: nothing happens but in `run`. */
export class LobbyWorld {
  nowMs = 1_000;
  readonly #tasks: (() => void)[] = [];
  readonly broker: BrokerDouble = new BrokerDouble((task) => this.#tasks.push(task));
  readonly #members: MemberHarness[] = [];

  add(entrance: LobbyEntrance): MemberHarness {
    const member = new MemberHarness(this, entrance, this.#members.length);
    this.#members.push(member);
    return member;
  }

  host(): MemberHarness {
    return this.add({ type: "create", game: GAME, profile: profile("Ada"), capacity: 4, settings: null, metadata: null });
  }

  guest(name: string, code = "KXRTM"): MemberHarness {
    return this.add({ type: "join", code, game: GAME, profile: profile(name) });
  }

  /** Goes on from deadline to deadline. */
  run(durationMs: number): void {
    const endMs = this.nowMs + durationMs;
    this.settle();
    for (;;) {
      const nextMs = Math.min(...this.#members.map(({ member }) => member.pollTimeoutMs()));
      if (nextMs > endMs) break;
      this.nowMs = Math.max(this.nowMs, nextMs);
      for (const { member } of this.#members) member.handleTimeout(this.nowMs);
      this.settle();
    }
    this.nowMs = endMs;
  }

  /** Everything that happens without time going on. */
  settle(): void {
    for (const member of this.#members) member.drain();
    for (let task = this.#tasks.shift(); task !== undefined; task = this.#tasks.shift()) {
      task();
      for (const member of this.#members) member.drain();
    }
  }
}

export class MemberHarness {
  readonly member: LobbyMember;
  readonly events: LobbyMemberEvent[] = [];
  readonly sockets: DoubleSocket[] = [];
  /** Virtual time of every attempt to open a socket. */
  readonly attemptsMs: number[] = [];
  readonly #world: LobbyWorld;
  #socketNumber = 0;

  constructor(world: LobbyWorld, entrance: LobbyEntrance, seed: number) {
    this.#world = world;
    const keys = {
      entranceId: `entrance-${seed}`.padEnd(16, "0"),
      device: `device-${seed}`.padEnd(16, "0"),
      key: Buffer.from(String(seed).padStart(32, "0")).toString("base64url"),
    };
    this.member = new LobbyMember(world.nowMs, { entrance, keys, random: new Random(seed) });
  }

  get socket(): DoubleSocket {
    const socket = this.sockets.at(-1);
    if (socket === undefined) throw new Error("no socket yet");
    return socket;
  }

  get names(): string[] {
    return this.events.map((event) => (event.type === "change" ? event.change.type : event.type));
  }

  request(command: LobbyCommand): number {
    return this.member.request(this.#world.nowMs, command);
  }

  replyTo(request: number): LobbyMemberEvent | undefined {
    return this.events.find((event) => event.type === "reply" && event.request === request);
  }

  drain(): void {
    for (let frame = this.member.pollFrame(); frame !== undefined; frame = this.member.pollFrame()) this.socket.send(frame);
    for (let action = this.member.pollAction(); action !== undefined; action = this.member.pollAction()) {
      if (action.type === "open-socket") this.#open(action.socket);
      else if (action.socket === this.#socketNumber) this.sockets.at(-1)?.close();
    }
    for (let event = this.member.pollEvent(); event !== undefined; event = this.member.pollEvent()) this.events.push(event);
  }

  #open(number: number): void {
    this.attemptsMs.push(this.#world.nowMs);
    this.#socketNumber = number;
    const { broker } = this.#world;
    const socket = broker.connect({
      handleFrame: (text) => this.member.handleFrame(this.#world.nowMs, number, text),
      handleClose: () => this.member.handleSocketClosed(this.#world.nowMs, number),
    });
    if (socket !== undefined) this.sockets.push(socket);
    broker.schedule(() => {
      if (socket === undefined) this.member.handleSocketClosed(this.#world.nowMs, number);
      else this.member.handleSocketOpen(this.#world.nowMs, number);
    });
  }
}

/** Ada hosts, Bob is in her lobby, and nothing waits. */
export interface LobbyPair {
  readonly world: LobbyWorld;
  readonly ada: MemberHarness;
  readonly bob: MemberHarness;
}

export function pair(): LobbyPair {
  const world = new LobbyWorld();
  const ada = world.host();
  world.settle();
  const bob = world.guest("Bob");
  world.settle();
  if (bob.names.join() !== "admitted") throw new Error(`expected: a guest that is admitted, got ${bob.names.join()}`);
  return { world, ada, bob };
}

export function peerIdOf(harness: MemberHarness): PeerId {
  const id = harness.member.admission?.peerId;
  if (id === undefined) throw new Error("not admitted");
  return id;
}
