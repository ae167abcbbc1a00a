/** HKDF's `info` for the key that an invite's secret becomes: the secret is used for nothing else. */
export const INVITE_KEY_INFO: Uint8Array<ArrayBuffer> = Uint8Array.from("rollcall/invite/1", (letter) => letter.charCodeAt(0));
