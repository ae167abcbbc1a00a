import { randomBytes } from "node:crypto";
import { readFileSync, writeFileSync } from "node:fs";
import { followFile } from "./followed-file.ts";
import { KeyRing, parseSigningKeys, type SigningKey } from "./key-ring.ts";

/**
 * The signing keys in a file, which is made when there is none: readable by its owner alone, since whoever has it can open every lobby. `undefined` when
 * it cannot be read or made, or holds something else.
 */
export function readSigningKeys(path: string): readonly SigningKey[] | undefined {
  try {
    writeFileSync(path, `${randomBytes(32).toString("base64url")}\n`, { mode: 0o600, flag: "wx" });
  } catch {
    // It is there already, as a rule; if it cannot be made at all, it cannot be read either.
  }
  try {
    return parseSigningKeys(readFileSync(path, "utf8"), Date.now());
  } catch {
    return undefined;
  }
}

export interface SigningKeys {
  readonly ring: KeyRing;
  /** Stops looking at the file. */
  readonly close: () => void;
}

/** The keys of a broker: of a file, read again when it changes; or `secret` alone; or a random one. `handleUnreadable`: the file makes no sense any more. */
export function openSigningKeys(
  { signingKey: secret, signingKeyFile: path }: { readonly signingKey: string | undefined; readonly signingKeyFile: string | undefined },
  handleUnreadable: () => void,
): SigningKeys {
  if (path === undefined) return { ring: KeyRing.of(secret), close: () => undefined };
  readSigningKeys(path);
  return followKeys(path, handleUnreadable);
}

/** The secrets that somebody else signs tickets with: the same as above, but that a file must be there. `undefined`: nobody does. */
export function openTicketKeys(
  {
    ticketSecret: secret,
    ticketSecretFile: path,
  }: { readonly ticketSecret: string | undefined; readonly ticketSecretFile: string | undefined },
  handleUnreadable: () => void,
): SigningKeys | undefined {
  if (path !== undefined) return followKeys(path, handleUnreadable);
  return secret === undefined ? undefined : { ring: KeyRing.of(secret), close: () => undefined };
}

function followKeys(path: string, handleUnreadable: () => void): SigningKeys {
  const file = followFile({ paths: [path], parse: (text = "") => parseSigningKeys(text, Date.now()), handleUnreadable });
  return { ring: new KeyRing(() => file.value, Date.now), close: () => file.close() };
}
