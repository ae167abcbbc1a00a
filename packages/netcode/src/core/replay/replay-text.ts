import { decodeBase64Url, encodeBase64Url } from "../base/base64url.ts";

/** Bytes as text for a link (RFC 4648 §5, without padding): four characters for three bytes. */
export function toLinkText(bytes: Uint8Array): string {
  return encodeBase64Url(bytes);
}

/** Reads what `toLinkText` wrote; `undefined` for anything else. */
export function fromLinkText(text: string): Uint8Array | undefined {
  return decodeBase64Url(text);
}
