import { parsePeerId, type PeerId } from "../base/units.ts";
import * as LOBBY_LIMITS from "./lobby-limits.ts";
import { integer, json, list, object, optional, pattern, Refusal, text, type Fields, type Read } from "./lobby-shape.ts";
import type { EntranceAttempt } from "./lobby-command.ts";
import type { GameIdentity, PlayerProfile, Profile } from "./lobby-types.ts";

/** Readers of what both directions carry. */

/** A number that only counts up. */
export const count: Read<number> = integer(0, Number.MAX_SAFE_INTEGER);

export const peerId: Read<PeerId> = (value) => parsePeerId(value) ?? new Refusal("");

export const secret: Read<string> = pattern(new RegExp(`^[A-Za-z0-9_-]{1,${LOBBY_LIMITS.secretUnits}}$`));

/** Random, and the sender's own: of a device, or of an entrance. */
export const token: Read<string> = pattern(/^[A-Za-z0-9_-]{16,64}$/);

/** 32 bytes in base64url; the last letter has two bits to spare, which are 0. */
const BYTES_32 = /^[A-Za-z0-9_-]{42}[AEIMQUYcgkosw048]$/;
export const publicKey: Read<string> = pattern(BYTES_32);

/** 16 bytes in base64url; the last letter has four bits to spare. */
export const salt: Read<string> = pattern(/^[A-Za-z0-9_-]{21}[AQgw]$/);
/** A hash, or a key under a mask. */
export const hash: Read<string> = pattern(BYTES_32);
export const keepsake: Read<string> = pattern(/^[A-Za-z0-9_-]+$/, LOBBY_LIMITS.keepsakeUnits);

export const entrance: Read<EntranceAttempt> = object<EntranceAttempt>({ id: token, attempt: integer(1, 1_000) });

export const game: Read<GameIdentity> = object<GameIdentity>({
  id: text(LOBBY_LIMITS.gameIdUnits),
  version: count,
  contentHash: pattern(/^[0-9a-f]{8}$/),
});

const playerFields: Fields<PlayerProfile> = {
  // An empty name is fine: the broker gives one.
  name: (value) => (value === "" ? value : text(LOBBY_LIMITS.nameUnits)(value)),
  colour: integer(0, 63),
  choices: json(LOBBY_LIMITS.choicesBytes),
};

export const playerProfile: Read<PlayerProfile> = object<PlayerProfile>(playerFields);

export const profile: Read<Profile> = object<Profile>({ ...playerFields, guests: optional(list(playerProfile, LOBBY_LIMITS.guests)) });

export const settings: Read<Profile["choices"]> = json(LOBBY_LIMITS.settingsBytes);
export const metadata: Read<Profile["choices"]> = json(LOBBY_LIMITS.metadataBytes);
/** Members beside the players. */
export const audience: Read<number> = integer(0, LOBBY_LIMITS.members);
/** Players' seats that are held. */
export const reserved: Read<number> = integer(0, LOBBY_LIMITS.members);
export const capacity: Read<number> = integer(1, LOBBY_LIMITS.members);
