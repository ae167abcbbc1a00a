/**
 * A broker and its members in virtual time: the real members' machine, socket guard, lobby service and store, between which frames travel with a delay.
 * Needs vitest's fake timers, with `setImmediate` left real.
 */
import { createHash } from "node:crypto";
import { LobbyMember, type LobbyEntrance, type LobbyMemberEvent, Random } from "@rollcall/netcode/core";
import type { GoodbyeReason, LobbyCommand, PeerId } from "@rollcall/netcode/lobby-protocol";
import { vi } from "vitest";
import { named, TAG } from "./lobby-fixture.ts";
import { STEP_MS, VirtualBroker, type VirtualSocket } from "./virtual-broker.ts";

/** One page: the member's machine on a connection that can be cut or held. */
export class VirtualMember {
  readonly name: string;
  /** Of its page. */
  readonly key: string;
  readonly events: LobbyMemberEvent[] = [];
  member: LobbyMember;
  /** Every keepsake heard, in order; `tamper` may put another in the place of the one that it gives back. */
  readonly keepsakes: string[] = [];
  tamper: ((keepsake: string | undefined) => string | undefined) | undefined;
  goodbye: GoodbyeReason | undefined;
  /** Frames stand still on their way, in both directions. */
  isHeld = false;
  /** No new connection comes through. */
  isCutOff = false;
  readonly #world: VirtualWorld;
  #raw: VirtualSocket | undefined;
  #socket = 0;
  readonly #underWay: { readonly dueMs: number; readonly act: () => void }[] = [];

  constructor(world: VirtualWorld, name: string, entrance: LobbyEntrance, seed: number) {
    this.#world = world;
    this.name = name;
    this.key = world.keyOf(`${name}-${seed}`);
    const keys = {
      entranceId: `entrance-${name}-${seed}`.padEnd(16, "0"),
      device: `device-${name}`.padEnd(16, "0"),
      key: this.key,
    };
    this.member = new LobbyMember(nowMs(), { entrance, keys, random: new Random(seed, name) });
  }

  get peerId(): PeerId {
    const peerId = this.member.admission?.peerId;
    if (peerId === undefined) throw new Error(`${this.name} is not admitted`);
    return peerId;
  }

  get secret(): string {
    return this.member.admission?.resumeSecret ?? "";
  }

  get isHost(): boolean {
    const { lobby, admission } = this.member;
    return lobby !== undefined && lobby.hostId === admission?.peerId;
  }

  /** How it ended; `undefined` while it lives. */
  get end(): string | undefined {
    const last = this.events.at(-1);
    return last?.type === "closed" ? (last.failure?.code ?? "left") : undefined;
  }

  request(command: LobbyCommand): number {
    return this.member.request(nowMs(), command);
  }

  replyTo(request: number): string | undefined {
    const reply = this.events.find((event) => event.type === "reply" && event.request === request);
    return reply?.type === "reply" ? (reply.failure?.code ?? "ok") : undefined;
  }

  /** The connection breaks; both ends notice at once. */
  cut(): void {
    this.#raw?.close();
  }

  /** The page is gone, without a word. */
  kill(): void {
    this.cut();
    this.#world.members.delete(this);
  }

  step(): void {
    while (!this.isHeld && (this.#underWay[0]?.dueMs ?? Infinity) <= nowMs()) this.#underWay.shift()?.act();
    if (nowMs() >= this.member.pollTimeoutMs()) this.member.handleTimeout(nowMs());
    this.#drain();
  }

  #drain(): void {
    for (let frame = this.member.pollFrame(); frame !== undefined; frame = this.member.pollFrame()) this.#send(frame);
    for (let action = this.member.pollAction(); action !== undefined; action = this.member.pollAction()) {
      if (action.type === "open-socket") this.#open(action.socket);
      else if (action.socket === this.#socket) this.#later(this.#raw, () => this.#raw?.close());
    }
    for (let event = this.member.pollEvent(); event !== undefined; event = this.member.pollEvent()) {
      this.events.push(event);
      if (event.type === "keepsake") this.keepsakes.push(event.keepsake);
    }
  }

  #send(frame: string): void {
    const raw = this.#raw;
    const text = this.tamper === undefined ? frame : this.#tampered(frame, this.tamper);
    this.#later(raw, () => raw?.emit("message", text, false));
  }

  #tampered(frame: string, tamper: (keepsake: string | undefined) => string | undefined): string {
    const message = JSON.parse(frame) as { command?: { type: string; keepsake?: string | undefined } };
    if (message.command?.type !== "resume") return frame;
    return JSON.stringify({ ...message, command: { ...message.command, keepsake: tamper(message.command.keepsake) } });
  }

  #open(number: number): void {
    this.#socket = number;
    this.#underWay.length = 0;
    const closed = (): void => this.#push(() => this.member.handleSocketClosed(nowMs(), number));
    const broker = this.#world.reach();
    if (!broker.alive || this.isCutOff) {
      this.#raw = undefined;
      closed();
      return;
    }
    const raw = broker.connect(
      (text) => this.#later(raw, () => this.#receive(number, text)),
      () => {
        if (this.#raw === raw) closed();
      },
    );
    this.#raw = raw;
    this.#push(() => this.member.handleSocketOpen(nowMs(), number));
  }

  #receive(number: number, text: string): void {
    if (text.startsWith('{"goodbye":')) this.goodbye = (JSON.parse(text) as { goodbye: GoodbyeReason }).goodbye;
    this.member.handleFrame(nowMs(), number, text);
    this.#drain();
  }

  /** Of an earlier connection nothing arrives. */
  #later(raw: VirtualSocket | undefined, act: () => void): void {
    this.#push(() => {
      if (this.#raw === raw) act();
    });
  }

  #push(act: () => void): void {
    this.#underWay.push({ dueMs: nowMs() + this.#world.latencyMs, act });
  }
}

export class VirtualWorld {
  latencyMs = 30;
  broker: VirtualBroker = new VirtualBroker();
  readonly members = new Set<VirtualMember>();
  readonly #seed: number;
  #count = 0;

  constructor(seed = 1) {
    this.#seed = seed;
  }

  host(name: string, capacity = 8): VirtualMember {
    return this.#add(name, { type: "create", game: TAG, profile: named(name), capacity, settings: null, metadata: null });
  }

  join(name: string, code: string): VirtualMember {
    return this.#add(name, { type: "join", code, game: TAG, profile: named(name) });
  }

  /** Another page with this secret. */
  resume(name: string, code: string, secret: string, keepsake?: string): VirtualMember {
    return this.#add(name, { type: "resume", code, secret, ...(keepsake === undefined ? {} : { keepsake }) });
  }

  /** The broker that a page gets to. */
  reach(): VirtualBroker {
    return this.broker;
  }

  keyOf(name: string): string {
    return pageKeyOf(name);
  }

  /** Called with each step, for every broker. */
  sweep(): void {
    this.broker.sweep();
  }

  /** kill -9, and after `downMs` a new process with the same key. */
  async restart(downMs: number, signingKey?: string): Promise<void> {
    this.broker.kill();
    // At least until everybody has noticed.
    await this.run(Math.max(downMs, 100));
    this.broker = new VirtualBroker(signingKey);
  }

  /** Called after each step. */
  watch: () => Promise<void> = () => Promise.resolve();

  async run(durationMs: number): Promise<void> {
    for (const endMs = nowMs() + durationMs; nowMs() < endMs;) {
      vi.advanceTimersByTime(STEP_MS);
      this.sweep();
      await this.settle();
      await this.watch();
    }
  }

  /** Runs until `done`, or fails after `mostMs`. */
  async until(done: () => boolean, mostMs = 60_000): Promise<void> {
    const endMs = nowMs() + mostMs;
    while (!done()) {
      if (nowMs() > endMs) throw new Error(`not after ${mostMs} virtual ms: ${String(done)}`);
      await this.run(STEP_MS);
    }
  }

  async settle(): Promise<void> {
    for (const member of this.members) member.step();
    // The service's promises: they wait for no timer.
    await new Promise<void>((resolve) => {
      setImmediate(resolve);
    });
  }

  /** A page with the key that everybody of this name has. */
  twin(name: string, code: string): VirtualMember {
    return this.#add(name, { type: "join", code, game: TAG, profile: named(name) }, 0);
  }

  /** The same page, which hosts. */
  hostingTwin(name: string): VirtualMember {
    return this.#add(name, { type: "create", game: TAG, profile: named(name), capacity: 8, settings: null, metadata: null }, 0);
  }

  #add(name: string, entrance: LobbyEntrance, count: number = this.#count++): VirtualMember {
    const member = new VirtualMember(this, name, entrance, this.#seed * 1_000 + count);
    this.members.add(member);
    return member;
  }
}

/** 32 bytes of its own for each page. */
function pageKeyOf(text: string): string {
  return createHash("sha256").update(text).digest("base64url");
}

function nowMs(): number {
  return Date.now();
}
