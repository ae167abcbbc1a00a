import { randomBytes } from "node:crypto";
import { readFileSync, unwatchFile, watchFile, writeFileSync } from "node:fs";
import { KeyRing, parseSigningKeys, type SigningKey } from "./key-ring.ts";

/** How often a key file is looked at. It is asked for its time and size alone, which works through links and on network file systems too, where nobody tells of changes. */
const LOOK_EVERY_MS = 2_000;

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

/**
 * The keys of a broker: of a file, read again when it changes; or `secret` alone; or a random one. A file that cannot be read any more changes nothing,
 * and is told (`handleUnreadable`).
 */
export function openSigningKeys(
  { signingKey: secret, signingKeyFile: path }: { readonly signingKey: string | undefined; readonly signingKeyFile: string | undefined },
  handleUnreadable: () => void,
): SigningKeys {
  if (path === undefined) return { ring: KeyRing.of(secret), close: () => undefined };
  const keys = readSigningKeys(path);
  if (keys === undefined) throw new Error("The file of the signing keys cannot be read.");
  const ring = new KeyRing(keys, Date.now);
  const look = (): void => {
    const fresh = readSigningKeys(path);
    if (fresh === undefined) handleUnreadable();
    else ring.replace(fresh);
  };
  watchFile(path, { interval: LOOK_EVERY_MS, persistent: false }, look);
  return { ring, close: () => unwatchFile(path, look) };
}
