import { randomBytes } from "node:crypto";
import { readFileSync, writeFileSync } from "node:fs";

/**
 * The signing key in a file, made when there is none: readable by its owner alone, since whoever has it can open every signaling socket. `undefined` when
 * the file cannot be read or made, or is too short for a key.
 */
export function readSigningKey(path: string): string | undefined {
  try {
    writeFileSync(path, `${randomBytes(32).toString("base64url")}\n`, { mode: 0o600, flag: "wx" });
  } catch {
    // It is there already, as a rule; if it cannot be made at all, it cannot be read either.
  }
  try {
    const key = readFileSync(path, "utf8").trim();
    return key.length >= 32 ? key : undefined;
  } catch {
    return undefined;
  }
}
