import { asciiBytes } from "../core/base/ascii.ts";

/** HKDF's `info` for the key that an invite's secret becomes: the secret is used for nothing else. */
export const INVITE_KEY_INFO: Uint8Array<ArrayBuffer> = asciiBytes("rollcall/invite/1");
