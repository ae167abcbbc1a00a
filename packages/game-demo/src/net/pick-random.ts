/** A random whole number in 0 … `limit` − 1, for names and looks. `limit`: 1 … 2³². */
export function pickRandom(limit: number): number {
  // `getRandomValues` works on plain http, `randomUUID` does not. The bias is of no matter for names, looks and seeds.
  return (crypto.getRandomValues(new Uint32Array(1))[0] ?? 0) % limit;
}
