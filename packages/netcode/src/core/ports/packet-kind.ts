/** First byte of every message on every channel: says whose it is. Sessions and link share the channels. */

/** Link: greeting, heartbeat, goodbye, and what members forward for each other (core/link/link-kind.ts). */
export const linkFirst = 0x01;
export const linkLast = 0x1f;
/** Inside the link's range, and not the link's: files, on `bulk` only (core/bulk/bulk-kind.ts). */
export const bulkFirst = 0x11;
export const bulkLast = 0x17;
/** The same: messages of the application (core/messages/message-kind.ts). */
export const messageFirst = 0x18;
export const messageLast = 0x1b;
/** Rollback session. */
export const rollbackFirst = 0x20;
export const rollbackLast = 0x3f;
/** Snapshot session (reserved). */
export const snapshotFirst = 0x40;
export const snapshotLast = 0x5f;
/** Link: a part of a message of the reliable stream (`LinkMesh.sendReliable`). */
export const fragment = 0x60;
/** Match: the sender plays it no longer. Two bytes over the reliable stream: kind, match epoch. */
export const matchLeft = 0x61;

/** A part of a file, or what is said about one. */
export function isOfBulk(kind: number): boolean {
  return kind >= bulkFirst && kind <= bulkLast;
}

/** A message of the application. */
export function isMessage(kind: number): boolean {
  return kind >= messageFirst && kind <= messageLast;
}

/** What the link carries and does not read: of sessions, files, and applications' messages. */
export function isOfAbove(kind: number): boolean {
  return (kind >= rollbackFirst && kind <= snapshotLast) || (kind >= bulkFirst && kind <= messageLast);
}
