/** First byte of every message on every channel: says whose it is. Sessions and link share the channels. */

/** Link: greeting, heartbeat, goodbye, and what members forward for each other (core/link/link-kind.ts). */
export const linkFirst = 0x01;
export const linkLast = 0x1f;
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
