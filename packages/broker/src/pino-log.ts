/** The one file that knows `pino`: the log as JSON lines on the standard output. */
import { pino, stdTimeFunctions } from "pino";
import { LOG_EVENTS, type Log, type LogEntry, type LogLevel } from "./log-entry.ts";
import { LogLines } from "./log-lines.ts";

/**
 * Writes entries of `level` and above, one line each: `{"level","time","event",…,"msg"}`. At once, so that the last line before an end is there; the broker
 * says little. `silent` writes nothing. Never throws: how many lines could not be written is told once one can be.
 */
export function createPinoLog(level: LogLevel | "silent", lines: LogLines = new LogLines()): Log {
  const logger = pino(
    {
      level,
      // Neither the machine's name nor a number of its own: whoever collects logs knows where they are from.
      base: null,
      timestamp: stdTimeFunctions.isoTime,
      formatters: { level: (label) => ({ level: label }) },
    },
    lines,
  );
  const write = (entry: LogEntry): void => {
    const { level, text } = LOG_EVENTS[entry.event];
    logger[level](entry, entry.event === "listening" ? `${text} on ${entry.address}` : text);
  };
  return (entry) => {
    write(entry);
    const lost = lines.isWriting ? lines.takeLost() : 0;
    if (lost > 0) write({ event: "lines-lost", lines: lost });
  };
}
