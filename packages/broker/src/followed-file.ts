import { readFileSync } from "node:fs";

/**
 * How often a file is read: it is small, and what it says is compared, which works through links and on network file systems too, where nobody tells of
 * changes. At half, twice the reads for nothing; at double, somebody who rotates a secret waits.
 */
const LOOK_EVERY_MS = 2_000;

/** What a file says, read again when it changes. What cannot be read, or makes no sense, changes nothing, and is told once. */
export interface FollowedFile<Value> {
  readonly value: Value;
  /** Stops looking at it. */
  readonly close: () => void;
}

/** `parse`: `undefined` for what makes no sense. Throws when that is so from the start. */
export function followFile<Value>(
  path: string,
  parse: (text: string) => Value | undefined,
  handleUnreadable: () => void,
): FollowedFile<Value> {
  let text = readText(path);
  const first = text === undefined ? undefined : parse(text);
  if (first === undefined) throw new Error(`cannot be read: ${path}`);
  let value: Value = first;
  const look = (): void => {
    const before = text;
    text = readText(path);
    if (text === before) return;
    const fresh = text === undefined ? undefined : parse(text);
    if (fresh === undefined) handleUnreadable();
    else value = fresh;
  };
  const timer = setInterval(look, LOOK_EVERY_MS).unref();
  return {
    get value() {
      return value;
    },
    close: () => clearInterval(timer),
  };
}

function readText(path: string): string | undefined {
  try {
    return readFileSync(path, "utf8");
  } catch {
    return undefined;
  }
}
