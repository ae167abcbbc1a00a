import type { CertificateTime } from "./tls-files.ts";

/** How much it matters: `warn` is what an operator should see to, `error` is a bug or a broken part. */
export type LogLevel = "info" | "warn" | "error";

export const LOG_LEVELS: readonly LogLevel[] = ["info", "warn", "error"];

/**
 * Everything that the broker ever logs, with all that an entry says beside its time: words and numbers of the broker's own. No code, id, key, token,
 * secret, address of a person, session description, nor a text that somebody sent: an error is told by its name, and a failure by where in the program.
 */
export interface LogEvents {
  /** Ready for members. `address` and `version` are the broker's own. */
  readonly listening: { readonly address: string; readonly version: string; readonly metricsPort?: number };
  /** Asked to stop: members are moved away, this many sockets of them, over this time. */
  readonly draining: { readonly sockets: number; readonly drainMs: number };
  /** The end of the process, with its exit code. */
  readonly stopped: { readonly exitCode: number };
  /** What was turned away in the last minute, by reason, as `/healthz` counts it. */
  readonly refusals: { readonly counts: Readonly<Record<string, number>> };
  /** A bug, or a part that failed. `code`: the system's word for it; `frames`: where, without the error's text. */
  readonly failure: { readonly error: string; readonly code?: string; readonly frames?: readonly string[] };
  /** What nodes share does not answer, and why: a word of the system or of Redis. Lobbies that are here go on, joins are told to come again. */
  readonly "store-down": { readonly reason: string };
  /** It answers (again), and so many nodes with it, as far as this one has heard. */
  readonly "store-up": { readonly nodes: number };
  /** So many nodes on this Redis have other signing keys; `serves`: they are the fewer, and give way. If not, this one takes nobody new. */
  readonly "keys-differ": { readonly nodes: number; readonly serves: boolean };
  /** All these nodes have the same again. */
  readonly "keys-agree": { readonly nodes: number };
  /** So many nodes on this Redis have other ticket secrets, or none: a client with a ticket is let in at one and not at another. */
  readonly "tickets-differ": { readonly nodes: number };
  /** All these nodes have the same again. */
  readonly "tickets-agree": { readonly nodes: number };
  /** Browsers do not take the TLS certificate, or not for long any more. */
  readonly "certificate-time": CertificateTime;
  /** The system lets the process have fewer connections (each is an open file) than it is set to have sockets. */
  readonly "few-files": { readonly connections: number; readonly sockets: number };
  /** So many lines of this log could not be written before this one. */
  readonly "lines-lost": { readonly lines: number };
  /** A file that is read again when it changes makes no sense any more: what it said before holds. */
  readonly "file-refused": { readonly file: "signing key" | "ticket secrets" | "TLS certificate" | "TURN servers" };
}

export type LogEvent = keyof LogEvents;

/** Each event's level, and a sentence for people. */
export const LOG_EVENTS: Readonly<Record<LogEvent, { readonly level: LogLevel; readonly text: string }>> = {
  listening: { level: "info", text: "rollcall-broker listening" },
  draining: { level: "info", text: "Moving members away." },
  stopped: { level: "info", text: "Stopped." },
  refusals: { level: "info", text: "Turned away in the last minute." },
  failure: { level: "error", text: "Something failed." },
  "store-down": { level: "warn", text: "Redis does not answer; joins are told to come again." },
  "store-up": { level: "info", text: "Redis answers." },
  "keys-differ": {
    level: "warn",
    text: "Nodes on this Redis have different signing keys: members of one are strangers at another. Give all the same --signing-key-file, or each its own --redis-prefix.",
  },
  "keys-agree": { level: "info", text: "All nodes have the same signing keys." },
  "tickets-differ": {
    level: "warn",
    text: "Nodes on this Redis have different ticket secrets: a ticket opens one and not another. Give all the same --ticket-secret-file.",
  },
  "tickets-agree": { level: "info", text: "All nodes have the same ticket secrets." },
  "certificate-time": { level: "warn", text: "The TLS certificate is not valid now, or not for long." },
  "few-files": {
    level: "warn",
    text: "The system allows fewer open files than there may be sockets. Raise it: LimitNOFILE (systemd), ulimits (compose), ulimit -n.",
  },
  "lines-lost": { level: "warn", text: "Lines of this log could not be written." },
  "file-refused": { level: "warn", text: "A changed file makes no sense; what it said before holds." },
};

/** An entry of the log. */
export type LogEntry = { readonly [Event in LogEvent]: { readonly event: Event } & LogEvents[Event] }[LogEvent];

/** Gets entries. */
export type Log = (entry: LogEntry) => void;

/** A failure as the log may have it: an error's text may quote what a stranger sent. */
export function failureEntry(error: unknown): LogEntry {
  if (!(error instanceof Error)) return { event: "failure", error: typeof error };
  const code = "code" in error && SYSTEM_WORD.test(String(error.code)) ? { code: String(error.code) } : {};
  const frames = (error.stack ?? "").split("\n").filter((line) => /^ +at /.test(line));
  return { event: "failure", error: error.name, ...code, frames: frames.slice(0, FRAMES_MAX).map((line) => line.trim()) };
}

const FRAMES_MAX = 8;
/** `EMFILE`, `ERR_STREAM_DESTROYED`: nobody but the system and Node writes such. */
const SYSTEM_WORD = /^E[A-Z0-9_]{2,50}$/;
