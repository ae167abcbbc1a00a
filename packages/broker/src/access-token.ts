import { createHash, timingSafeEqual } from "node:crypto";
import type { IncomingMessage } from "node:http";

/**
 * Whether a request shows `token`: as `Authorization: Bearer TOKEN` (programs), or as the password of `Basic` (what a browser asks a person for; the name does
 * not matter). Takes the same time whatever is wrong. Never in the address, which proxies log.
 */
export function showsToken(request: IncomingMessage, token: string): boolean {
  const [scheme = "", credentials = ""] = (request.headers.authorization ?? "").split(" ", 2);
  return timingSafeEqual(digest(shownBy(scheme.toLowerCase(), credentials)), digest(token));
}

function shownBy(scheme: string, credentials: string): string {
  if (scheme === "bearer") return credentials;
  if (scheme !== "basic") return "";
  const pair = Buffer.from(credentials, "base64").toString("utf8");
  return pair.slice(pair.indexOf(":") + 1);
}

/** Equal lengths for `timingSafeEqual`. */
function digest(text: string): Buffer {
  return createHash("sha256").update(text).digest();
}
