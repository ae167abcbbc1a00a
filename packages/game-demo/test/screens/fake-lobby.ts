import type { Ban, LobbyEvents, LobbyPeer, Member, StartOptions } from "@rollcall/netcode";
import type { Json, LobbyCode, LobbyState, PeerId, Profile } from "@rollcall/netcode";
import type { RubberbandLobby, RubberbandMatch } from "../../src/net/gateway.ts";
import type { RubberbandState, rubberbandInput } from "../../src/sim/index.ts";
import { FakeChat } from "./fake-chat.ts";
import { FakeMatch, wholeProfile } from "./fake-match.ts";
import { Listeners } from "./listeners.ts";

type Events = LobbyEvents<RubberbandState, typeof rubberbandInput>;

/** A lobby in memory, seen by one member. Tests play the broker and the other members. */
export class FakeLobby implements RubberbandLobby {
  static readonly myId: PeerId = "me" as PeerId;
  readonly calls: string[] = [];
  readonly invite: string | undefined = undefined;
  readonly security: RubberbandLobby["security"] = { crypto: "webcrypto", inviteOnly: false };
  state: LobbyState;
  peers: readonly LobbyPeer[] = [];
  banned: readonly Ban[] = [];
  brokerConnected = true;
  match: FakeMatch | undefined;
  readonly #listeners = new Listeners<Events>();

  constructor(code: string, me: { name: string; colour: number }, others: readonly string[] = []) {
    const host = others.length === 0 ? "me" : "peer-0";
    const members = [
      ...others.map((name, index) => fakeMember(`peer-${index}`, index, name, index)),
      fakeMember("me", others.length, me.name, me.colour),
    ];
    this.state = {
      code: code as LobbyCode,
      game: { id: "rubberband", version: 1, contentHash: "00000000" },
      capacity: 8,
      locked: false,
      door: { listed: false, password: false, audience: 0, reserved: 0 },
      relayOnly: false,
      hostId: host as PeerId,
      hostEpoch: 1,
      settings: null,
      metadata: null,
      members,
      match: undefined,
      matchCount: 0,
      idle: false,
      event: 0,
    };
    this.peers = others.map((_, index) => openPeer(`peer-${index}`, 18 + index * 57));
  }

  get code(): string {
    return this.state.code;
  }

  get me(): Member {
    const me = this.state.members.find((member) => member.peerId === "me");
    if (me === undefined) throw new Error("the fake lobby has lost its own member");
    return me;
  }

  get isHost(): boolean {
    return this.state.hostId === "me";
  }

  readonly chat = new FakeChat(() => this.me);
  readonly messages: RubberbandLobby["messages"] = {
    send: () => "nobody",
    on: () => () => {},
  };
  readonly #muted = new Set<PeerId>();

  send(): Promise<never> {
    return Promise.reject(new Error("the fake lobby sends no files"));
  }

  mute(peerId: PeerId, muted = true): void {
    this.calls.push(`${muted ? "mute" : "unmute"} ${peerId}`);
    if (muted) this.#muted.add(peerId);
    else this.#muted.delete(peerId);
    this.#listeners.emit("change");
  }

  block(peerId: PeerId): void {
    this.calls.push(`block ${peerId}`);
  }

  isMuted(peerId: PeerId): boolean {
    return this.#muted.has(peerId);
  }

  isBlocked(): boolean {
    return false;
  }

  watch(): FakeMatch {
    this.calls.push("watch");
    this.match = new FakeMatch(this.state.match?.seats ?? [], [], 0);
    return this.match;
  }

  on<Name extends keyof Events>(name: Name, listener: Events[Name]): () => void {
    return this.#listeners.on(name, listener);
  }

  emit<Name extends keyof Events>(name: Name, ...payload: Parameters<Events[Name]>): void {
    this.#listeners.emit(name, ...payload);
  }

  /** Another state, as the broker would send it. */
  set(part: Partial<LobbyState>): void {
    this.state = { ...this.state, ...part };
    this.emit("change");
  }

  setPeers(peers: readonly LobbyPeer[]): void {
    this.peers = peers;
    this.emit("change");
  }

  /** Somebody comes in. */
  add(name: string): Member {
    const seat = this.state.members.length;
    const member = fakeMember(`peer-${seat}`, seat, name, seat % 8);
    this.set({ members: [...this.state.members, member] });
    this.peers = [...this.peers, { ...openPeer(member.peerId, 0), status: "connecting", path: "connecting" }];
    this.emit("member-joined", member);
    return member;
  }

  change(peerId: string, part: Partial<Member>): void {
    this.set({ members: this.state.members.map((member) => (member.peerId === peerId ? { ...member, ...part } : member)) });
  }

  /** A match starts, for everybody. */
  begin(options: StartOptions = {}): FakeMatch {
    const isWatching = this.me.role !== undefined;
    const players = this.state.members.filter(({ role }) => role === undefined);
    const persons = players.map((member) => ({ kind: "person" as const, peerId: member.peerId, profile: member.profile }));
    const bots = (options.botProfiles ?? []).map((profile) => ({ kind: "bot" as const, profile: wholeProfile(profile) }));
    const seats = [...persons, ...bots];
    const own = persons.findIndex((seat) => seat.peerId === "me");
    const match = new FakeMatch(seats, isWatching ? [] : [own], options.countdownMs ?? 0);
    this.match = match;
    const agreement = {
      matchNumber: 1,
      seed: 1,
      seats,
      settings: this.state.settings,
      hostId: this.state.hostId,
      countdownMs: options.countdownMs ?? 0,
    };
    this.set({ match: agreement });
    // Who watches gets it otherwise: by the start, or by `watch`.
    if (!isWatching) this.emit("match", match);
    return match;
  }

  nextMatch(): Promise<RubberbandMatch> {
    return Promise.reject(new Error("not part of the screens"));
  }

  async setProfile(profile: Partial<Profile>): Promise<void> {
    this.calls.push(`profile ${JSON.stringify(profile)}`);
    this.change("me", { profile: { ...this.me.profile, ...profile } });
  }

  async setReady(ready: boolean): Promise<void> {
    this.calls.push(`ready ${ready}`);
    this.change("me", { ready });
  }

  async setSettings(settings: Json): Promise<void> {
    this.calls.push(`settings ${JSON.stringify(settings)}`);
    this.set({ settings });
  }

  async setMetadata(metadata: Json): Promise<void> {
    this.set({ metadata });
  }

  async setLocked(locked: boolean): Promise<void> {
    this.calls.push(`locked ${locked}`);
    this.set({ locked });
  }

  async setCapacity(capacity: number): Promise<void> {
    this.set({ capacity });
  }

  async setAudience(audience: number): Promise<void> {
    this.set({ door: { ...this.state.door, audience } });
  }

  async setRole(role: "player" | "spectator", peerId: PeerId = FakeLobby.myId): Promise<void> {
    this.calls.push(`role ${role} ${peerId}`);
    this.set({
      members: this.state.members.map((member) => {
        if (member.peerId !== peerId) return member;
        const { role: _role, ...rest } = member;
        return role === "spectator" ? { ...rest, role } : rest;
      }),
    });
  }

  async setListed(listed: boolean): Promise<void> {
    this.calls.push(`listed ${listed}`);
    this.set({ door: { ...this.state.door, listed } });
  }

  async setPassword(password: string | undefined): Promise<void> {
    this.calls.push(`password ${password ?? "none"}`);
    this.set({ door: { ...this.state.door, password: password !== undefined } });
  }

  async keepOpen(): Promise<void> {
    this.calls.push("keep open");
    this.set({ idle: false });
  }

  async reserve(): Promise<readonly string[]> {
    this.calls.push("reserve");
    this.set({ door: { ...this.state.door, reserved: this.state.door.reserved + 1 } });
    return [`${this.code}~${"r".repeat(31)}${this.state.door.reserved}`];
  }

  async unreserve(): Promise<void> {
    this.calls.push("unreserve");
    this.set({ door: { ...this.state.door, reserved: 0 } });
  }

  kick(peerId: PeerId): Promise<void> {
    return this.#putOut("kick", peerId);
  }

  ban(peerId: PeerId): Promise<void> {
    return this.#putOut("ban", peerId);
  }

  async #putOut(how: "kick" | "ban", peerId: PeerId): Promise<void> {
    this.calls.push(`${how} ${peerId}`);
    const gone = this.state.members.find((member) => member.peerId === peerId);
    this.set({ members: this.state.members.filter((member) => member !== gone) });
    if (gone !== undefined) this.emit("member-gone", gone, "kicked");
  }

  async bans(): Promise<readonly Ban[]> {
    return this.banned;
  }

  async unban(ban: Ban): Promise<void> {
    this.calls.push(`unban ${ban.name}`);
    this.banned = this.banned.filter((other) => other !== ban);
  }

  async transferHost(peerId: PeerId): Promise<void> {
    this.calls.push(`host ${peerId}`);
    this.set({ hostId: peerId });
  }

  async start(options: StartOptions = {}): Promise<RubberbandMatch> {
    this.calls.push(`start ${options.playerCount ?? 0}`);
    return this.begin(options);
  }

  async leave(): Promise<void> {
    this.calls.push("leave");
  }
}

/** A link in good order. */
export function openPeer(peerId: string, rttMs: number): LobbyPeer {
  return { peerId: peerId as PeerId, status: "open", path: "direct", rttMs, lossRatio: 0 };
}

export function fakeMember(peerId: string, seat: number, name: string, colour: number): Member {
  return { peerId: peerId as PeerId, seat, order: seat, profile: { name, colour, choices: null }, ready: false, connected: true };
}
