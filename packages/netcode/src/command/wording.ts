/** How commands write what they print. */

/** What was thrown, in words. */
export function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}

/** A checksum: eight hex digits. */
export function hex(checksum: number): string {
  return checksum.toString(16).padStart(8, "0");
}
