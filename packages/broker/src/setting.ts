import { readdirSync, readFileSync, statSync } from "node:fs";
import type { BrokerOptions } from "./broker-options.ts";
import type { LogLevel } from "./log-entry.ts";
import type { TlsFiles } from "./tls-files.ts";
import type { TurnOptions } from "./turn-servers.ts";

/** One setting of the command: a flag and a variable. */
export interface Setting {
  /** In the help: what the value is; `undefined` for a switch. */
  readonly value: string | undefined;
  readonly help: string;
  /** A file that is read again when it changes. */
  readonly isFollowed?: true;
  /** Puts the value into the options, or says what was expected. */
  readonly apply: (text: string, options: MutableOptions) => string | undefined;
}

type Mutable<T> = { -readonly [Key in keyof T]: T[Key] };

/** What settings fill in. `tls` and `turn` are put together at the end, of what these settings say. */
export type MutableOptions = Mutable<Omit<BrokerOptions, "tls" | "turn">> & {
  readonly turn: Mutable<Partial<TurnOptions>>;
  readonly tls: Mutable<Partial<TlsFiles>>;
  turnServers?: readonly TurnOptions[];
  /** Of the command alone. */
  logLevel: LogLevel | "silent";
};

/** A whole number from 0 to `most`. */
export function readInteger(text: string, most: number): number | undefined {
  const value = /^\d{1,9}$/.test(text) ? Number(text) : NaN;
  return value <= most ? value : undefined;
}

/** What stands in a file, without the white space around it; `undefined` when it cannot be read. */
export function readText(path: string): string | undefined {
  try {
    return readFileSync(path, "utf8").trim();
  } catch {
    return undefined;
  }
}

/** Why a file or folder that a setting names is of no use, for the end of a sentence; empty when it can be read. Its name is not told: somebody may have put the secret there. */
export function whyUnreadable(path: string, isFolder: boolean): string {
  try {
    if (isFolder) readdirSync(path);
    else readFileSync(path);
    return "";
  } catch (error) {
    const code = error instanceof Error && "code" in error ? String(error.code) : "";
    return ` (it cannot be read: ${code})`;
  }
}

/** What is in a pipe, such as a shell's `<(…)`, can be read once. */
export function isPipe(path: string): boolean {
  try {
    return statSync(path).isFIFO();
  } catch {
    return false;
  }
}
