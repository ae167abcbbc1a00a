import type { IceServer } from "@rollcall/netcode/lobby-protocol";
import { isIceServer } from "./broker-options.ts";

const ENTRY_PATTERN = /^(stuns?|turns?):(?:([^:@\s]+):([^@\s]+)@)?([^@\s]+)$/;

/**
 * Reads ICE servers as an operator writes them: JSON as in `RTCConfiguration.iceServers`, or a comma list of
 * `stun:host[:port]` and `turn:user:password@host[:port][?transport=tcp]` (characters of user and password that mean something here are
 * percent-encoded). `undefined` when it is neither.
 */
export function parseIceServers(text: string): readonly IceServer[] | undefined {
  const trimmed = text.trim();
  if (trimmed === "") return [];
  const servers = trimmed.startsWith("[") ? parseJsonList(trimmed) : parseCommaList(trimmed);
  return servers?.every(isIceServer) === true ? servers : undefined;
}

function parseCommaList(text: string): readonly IceServer[] | undefined {
  const servers: IceServer[] = [];
  for (const entry of text.split(",")) {
    const [, scheme, username, credential, host] = ENTRY_PATTERN.exec(entry.trim()) ?? [];
    if (scheme === undefined || host === undefined) return undefined;
    const urls = [`${scheme}:${host}`];
    try {
      const access =
        username === undefined || credential === undefined
          ? {}
          : { username: decodeURIComponent(username), credential: decodeURIComponent(credential) };
      servers.push({ urls, ...access });
    } catch {
      return undefined;
    }
  }
  return servers;
}

function parseJsonList(text: string): readonly IceServer[] | undefined {
  let items: unknown;
  try {
    items = JSON.parse(text);
  } catch {
    return undefined;
  }
  if (!Array.isArray(items)) return undefined;
  const servers: IceServer[] = [];
  for (const item of items as readonly unknown[]) {
    const server = readServer(item);
    if (server === undefined) return undefined;
    servers.push(server);
  }
  return servers;
}

function readServer(item: unknown): IceServer | undefined {
  if (typeof item !== "object" || item === null || !("urls" in item)) return undefined;
  const urls: readonly unknown[] = Array.isArray(item.urls) ? item.urls : [item.urls];
  const username = "username" in item ? item.username : undefined;
  const credential = "credential" in item ? item.credential : undefined;
  if (!urls.every((url) => typeof url === "string")) return undefined;
  if (!isOptionalText(username) || !isOptionalText(credential)) return undefined;
  return { urls, ...(username === undefined ? {} : { username }), ...(credential === undefined ? {} : { credential }) };
}

function isOptionalText(value: unknown): value is string | undefined {
  return value === undefined || typeof value === "string";
}
