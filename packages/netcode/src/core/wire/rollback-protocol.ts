/**
 * Raised with every change of a byte or of a limit of the rollback wire (`limits.ts`, docs/wire/rollback.md): part of every content hash, so that peers that would misread
 * each other do not meet in a match. Wraps at 16 in what is told of it.
 */
export const ROLLBACK_PROTOCOL = 2;
