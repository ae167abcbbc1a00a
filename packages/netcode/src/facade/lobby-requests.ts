import * as LOBBY_LIMITS from "../core/ports/lobby-limits.ts";
import type { Ban, Json, LobbyState, Member } from "../core/ports/lobby-protocol.ts";
import { readReservation, writeReservation } from "../core/identity/invite.ts";
import type { MessageTypes } from "../core/base/message-type.ts";
import type { PeerId } from "../core/base/units.ts";
import {
  checkedAudience,
  checkedBoolean,
  checkedCapacity,
  checkedChange,
  checkedInteger,
  checkedJson,
  checkedList,
  checkedMetadata,
  checkedOneOf,
  checkedOptions,
  checkedPassword,
  checkedPeerId,
  checkedProfile,
  checkedText,
} from "./checked-arguments.ts";
import type { LobbyChat, LobbyMessages, Recipients, SendOptions, SentTransfer } from "./content-types.ts";
import type { LobbyContent } from "./lobby-content.ts";
import type { LobbyConnection } from "./lobby-connection.ts";
import type { MakeVerifier } from "./environment.ts";
import type { BanOptions, ReserveOptions } from "./host-options.ts";
import type { ProfileOptions } from "./player-options.ts";

/** How long a seat is held where nothing else is said: at half, whoever reads the message late finds it gone; at double, others wait for who does not come. */
const RESERVED_MS = 600_000;

/** What a member asks of the broker, where nothing comes of it but an answer, and what it says to the other members: a part of `LobbyRoom`. */
export abstract class LobbyRequests<Messages extends MessageTypes> {
  readonly #connection: LobbyConnection;
  readonly #makeVerifier: MakeVerifier;
  readonly #randomToken: () => string;

  constructor(connection: LobbyConnection, makeVerifier: MakeVerifier, randomToken: () => string) {
    this.#connection = connection;
    this.#makeVerifier = makeVerifier;
    this.#randomToken = randomToken;
  }

  abstract get code(): string;

  abstract get invite(): string | undefined;

  abstract get me(): Member;

  abstract get state(): LobbyState;

  protected abstract readonly content: LobbyContent<Messages>;

  get messages(): LobbyMessages<Messages> {
    return this.content.messages;
  }

  get chat(): LobbyChat {
    return this.content.chat;
  }

  send(to: Recipients, data: Blob | ArrayBuffer | Uint8Array, options?: SendOptions): Promise<SentTransfer> {
    return this.content.send(to, data, options);
  }

  mute(peerId: PeerId, muted = true): void {
    this.content.muted.mute(checkedPeerId(peerId), muted);
  }

  block(peerId: PeerId, blocked = true): void {
    this.content.muted.block(checkedPeerId(peerId), blocked);
  }

  isMuted(peerId: PeerId): boolean {
    return this.content.muted.isMuted(peerId);
  }

  isBlocked(peerId: PeerId): boolean {
    return this.content.muted.isBlocked(peerId);
  }

  keepOpen(): Promise<void> {
    return this.#connection.request({ type: "keep-open" });
  }

  async setProfile(profile: Partial<ProfileOptions>): Promise<void> {
    await this.#connection.request({ type: "set-profile", profile: checkedProfile({ ...this.me.profile, ...checkedChange(profile) }) });
  }

  async setReady(ready: boolean): Promise<void> {
    await this.#connection.request({ type: "set-ready", ready: checkedBoolean("ready", ready) });
  }

  async setSettings(settings: Json): Promise<void> {
    await this.#connection.request({ type: "set-settings", settings: checkedJson("settings", settings, LOBBY_LIMITS.settingsBytes) });
  }

  async setMetadata(metadata: Json): Promise<void> {
    await this.#connection.request({ type: "set-metadata", metadata: checkedMetadata(metadata, this.state.door.listed) });
  }

  async setLocked(locked: boolean): Promise<void> {
    await this.#connection.request({ type: "set-locked", locked: checkedBoolean("locked", locked) });
  }

  async setCapacity(capacity: number): Promise<void> {
    await this.#connection.request({ type: "set-capacity", capacity: checkedCapacity(capacity) });
  }

  async setRole(role: "player" | "spectator", peerId?: PeerId): Promise<void> {
    const of = peerId === undefined ? {} : { peerId: checkedPeerId(peerId) };
    await this.#connection.request({
      type: "set-role",
      role: checkedOneOf<"player" | "spectator">("a role", role, "player spectator"),
      ...of,
    });
  }

  async setAudience(audience: number): Promise<void> {
    await this.#connection.request({ type: "set-audience", audience: checkedAudience(audience) });
  }

  async setListed(listed: boolean): Promise<void> {
    if (checkedBoolean("listed", listed)) checkedMetadata(this.state.metadata, true);
    await this.#connection.request({ type: "set-listed", listed });
  }

  async setPassword(password: string | undefined): Promise<void> {
    const checked = checkedPassword(password);
    const verifier = checked === undefined ? null : await this.#makeVerifier(checked);
    await this.#connection.request({ type: "set-password", password: verifier });
  }

  async reserve(options: ReserveOptions = {}): Promise<readonly string[]> {
    const { seats = 1, forMs = RESERVED_MS } = checkedOptions(options, "seats forMs");
    checkedInteger("seats", seats, [1, LOBBY_LIMITS.members]);
    checkedInteger("a forMs", forMs, [1, LOBBY_LIMITS.reservationMs]);
    // Ours, so that a request that is asked again after a lost answer holds no second seat.
    const reservations = Array.from({ length: seats }, this.#randomToken);
    await this.#connection.request({ type: "reserve", reservations, forMs });
    return reservations.map((reservation) => writeReservation(this.invite ?? this.code, reservation));
  }

  async unreserve(invites?: readonly string[]): Promise<void> {
    const reservations =
      invites && checkedList("invites", invites).flatMap((invite) => readReservation(checkedText("an invite", invite)) ?? []);
    await this.#connection.request({ type: "unreserve", ...(reservations === undefined ? {} : { reservations }) });
  }

  async kick(peerId: PeerId): Promise<void> {
    await this.#connection.request({ type: "kick", peerId: checkedPeerId(peerId) });
  }

  async ban(peerId: PeerId, options: BanOptions = {}): Promise<void> {
    const { banMs } = checkedOptions(options, "banMs");
    const time = banMs === undefined ? {} : { banMs: checkedInteger("a banMs", banMs, [1, LOBBY_LIMITS.banMs]) };
    await this.#connection.request({ type: "ban", peerId: checkedPeerId(peerId), ...time });
  }

  async bans(): Promise<readonly Ban[]> {
    const result = await this.#connection.ask({ type: "bans" });
    return result !== undefined && "bans" in result ? result.bans : [];
  }

  async unban(ban: Ban): Promise<void> {
    await this.#connection.request({
      type: "unban",
      ban: checkedInteger("the id of a ban", checkedOptions(ban).id, [0, Number.MAX_SAFE_INTEGER]),
    });
  }

  async transferHost(peerId: PeerId): Promise<void> {
    await this.#connection.request({ type: "transfer-host", peerId: checkedPeerId(peerId) });
  }
}
