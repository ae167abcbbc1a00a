/** Rosters that anybody could forge, for lobbies in virtual time: a key seals with itself. */
import { asciiBytes } from "../src/core/base/ascii.ts";
import { encodeBase64Url } from "../src/core/base/base64url.ts";
import type { RosterTrust } from "../src/core/link/roster-exchange.ts";
import { SIGNATURE_BYTES } from "../src/core/ports/membership.ts";
import type { RosterAuthority, RosterKey } from "../src/core/ports/roster-authority.ts";
import { encodeRoster, ROSTER_HEADER, type Roster } from "../src/core/ports/roster.ts";
import { seal } from "./stand-in-keeper.ts";

type Seal = (key: Uint8Array, bytes: Uint8Array) => Uint8Array;

export const LIFE = "lifelifelifelife";

export class StandInSigner {
  readonly key: RosterKey;
  readonly #seal: Seal;
  readonly #secret: Uint8Array;

  /** `name`: its first letter is the key. `sealAs`: for one that signs otherwise than `isSealed` takes it. */
  constructor(name: string, sealAs: Seal = (key, bytes) => seal(key, bytes, SIGNATURE_BYTES)) {
    this.#seal = sealAs;
    this.#secret = new Uint8Array(32).fill(name.charCodeAt(0));
    this.key = { kid: name.charAt(0).repeat(8), key: encodeBase64Url(this.#secret) };
  }

  get authority(): RosterAuthority {
    return { life: LIFE, clockS: 0, keys: [this.key] };
  }

  /** With a clock that begins with the world's. */
  get trust(): RosterTrust {
    return { ...this.authority, atMs: 0 };
  }

  sign(roster: Pick<Roster, "number" | "members"> & Partial<Roster>): string {
    const whole = { code: "KXRTM", life: LIFE, issuedS: 0, expiresS: 21_600, isCertain: true, keys: [this.key], left: [], ...roster };
    return this.signPayload(encodeRoster(whole));
  }

  signPayload(payload: Uint8Array): string {
    const header = encodeBase64Url(asciiBytes(JSON.stringify({ ...ROSTER_HEADER, kid: this.key.kid })));
    const signed = `${header}.${encodeBase64Url(payload)}`;
    return `${signed}.${encodeBase64Url(this.#seal(this.#secret, asciiBytes(signed)))}`;
  }
}
