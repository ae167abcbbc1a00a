import { readFileSync } from "node:fs";

/**
 * How often files are read: they are small, and what they say is compared, which works through links and on network file systems too, where nobody tells of
 * changes. At half, twice the reads for nothing; at double, somebody who rotates a secret waits.
 */
const LOOK_EVERY_MS = 2_000;

/**
 * What files say together, read again when one of them changes. What cannot be read, or makes no sense, changes nothing; it is told once, when it is still so
 * at the next look: before, somebody may be in the middle of writing.
 */
export interface FollowedFile<Value> {
  readonly value: Value;
  /** Stops looking. */
  readonly close: () => void;
}

export interface FollowOptions<Value> {
  readonly paths: readonly string[];
  /** Gets what each of `paths` says; `undefined` for what makes no sense. */
  readonly parse: (...texts: readonly string[]) => Value | undefined;
  readonly handleUnreadable: () => void;
  readonly handleChange?: (value: Value) => void;
}

/** Throws when the files make no sense from the start. */
export function followFile<Value>({
  paths,
  parse,
  handleUnreadable,
  handleChange = () => undefined,
}: FollowOptions<Value>): FollowedFile<Value> {
  let texts = readTexts(paths);
  const first = texts === undefined ? undefined : parse(...texts);
  if (first === undefined) throw new Error(`cannot be read: ${paths.join(", ")}`);
  let value: Value = first;
  let doubted = false;
  const look = (): void => {
    const before = texts;
    texts = readTexts(paths);
    if (areEqual(texts, before)) {
      if (doubted) handleUnreadable();
      doubted = false;
      return;
    }
    const fresh = texts === undefined ? undefined : parse(...texts);
    doubted = fresh === undefined;
    if (fresh === undefined) return;
    value = fresh;
    handleChange(fresh);
  };
  const timer = setInterval(look, LOOK_EVERY_MS).unref();
  return {
    get value() {
      return value;
    },
    close: () => clearInterval(timer),
  };
}

function readTexts(paths: readonly string[]): readonly string[] | undefined {
  try {
    return paths.map((path) => readFileSync(path, "utf8"));
  } catch {
    return undefined;
  }
}

function areEqual(some: readonly string[] | undefined, others: readonly string[] | undefined): boolean {
  return some === others || (some !== undefined && others !== undefined && some.every((text, index) => text === others[index]));
}
