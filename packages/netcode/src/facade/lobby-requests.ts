import * as LOBBY_LIMITS from "../core/ports/lobby-limits.ts";
import type { Json, Member, Profile } from "../core/ports/lobby-protocol.ts";
import type { PeerId } from "../core/base/units.ts";
import { checkedCapacity, checkedJson, checkedProfile } from "./checked-arguments.ts";
import type { LobbyConnection } from "./lobby-connection.ts";

/** What a member asks of the broker, and nothing comes of but its answer: a part of `LobbyRoom`. */
export abstract class LobbyRequests {
  readonly #connection: LobbyConnection;

  constructor(connection: LobbyConnection) {
    this.#connection = connection;
  }

  abstract get me(): Member;

  async setProfile(profile: Partial<Profile>): Promise<void> {
    await this.#connection.request({ type: "set-profile", profile: checkedProfile({ ...this.me.profile, ...profile }) });
  }

  setReady(ready: boolean): Promise<void> {
    return this.#connection.request({ type: "set-ready", ready });
  }

  async setSettings(settings: Json): Promise<void> {
    await this.#connection.request({ type: "set-settings", settings: checkedJson("settings", settings, LOBBY_LIMITS.settingsBytes) });
  }

  async setMetadata(metadata: Json): Promise<void> {
    await this.#connection.request({ type: "set-metadata", metadata: checkedJson("metadata", metadata, LOBBY_LIMITS.metadataBytes) });
  }

  setLocked(locked: boolean): Promise<void> {
    return this.#connection.request({ type: "set-locked", locked });
  }

  async setCapacity(capacity: number): Promise<void> {
    await this.#connection.request({ type: "set-capacity", capacity: checkedCapacity(capacity) });
  }

  kick(peerId: PeerId): Promise<void> {
    return this.#connection.request({ type: "kick", peerId });
  }

  transferHost(peerId: PeerId): Promise<void> {
    return this.#connection.request({ type: "transfer-host", peerId });
  }
}
