/** One value that differs. `undefined`, where there is none on that side, is null. */
export interface PlainDifference {
  /** `.players[2].x`. */
  readonly path: string;
  readonly local: unknown;
  readonly remote: unknown;
}

/** The values in which two trees of plain data and typed arrays differ, in the order of their keys, at most `max`. */
export function findPlainDifferences(local: unknown, remote: unknown, max: number): readonly PlainDifference[] {
  const found: PlainDifference[] = [];
  collect(local, remote, "", max, found);
  return found;
}

function collect(local: unknown, remote: unknown, path: string, max: number, found: PlainDifference[]): void {
  if (found.length >= max || Object.is(local, remote)) return;
  const isList = isListLike(local);
  if (!isTree(local) || !isTree(remote) || isList !== isListLike(remote)) {
    found.push({ path, local: shown(local), remote: shown(remote) });
    return;
  }
  const [left, right] = [Object.entries(local), Object.entries(remote)];
  const keys = new Set([...left, ...right].map(([key]) => key));
  const [ours, theirs] = [new Map<string, unknown>(left), new Map<string, unknown>(right)];
  for (const key of keys) collect(ours.get(key), theirs.get(key), path + (isList ? `[${key}]` : `.${key}`), max, found);
}

function isTree(value: unknown): value is object {
  return typeof value === "object" && value !== null;
}

function isListLike(value: unknown): boolean {
  return Array.isArray(value) || ArrayBuffer.isView(value);
}

/** As JSON can show it: not a number, the infinities and −0 are texts. */
function shown(value: unknown): unknown {
  if (value === undefined) return null;
  if (typeof value === "number" && (!Number.isFinite(value) || Object.is(value, -0))) return Object.is(value, -0) ? "−0" : String(value);
  return ArrayBuffer.isView(value) ? Object.values(value) : value;
}
