/** The one file that knows `pino`: the log as JSON lines on the standard output. */
import { destination, pino, stdTimeFunctions } from "pino";
import { LOG_EVENTS, type Log, type LogLevel } from "./log-entry.ts";

/**
 * Writes entries of `level` and above, one line each: `{"level","time","event",…,"msg"}`. At once, so that the last line before an end is there; the broker
 * says little. `silent` writes nothing.
 */
export function createPinoLog(level: LogLevel | "silent"): Log {
  const logger = pino(
    {
      level,
      // Neither the machine's name nor a number of its own: whoever collects logs knows where they are from.
      base: null,
      timestamp: stdTimeFunctions.isoTime,
      formatters: { level: (label) => ({ level: label }) },
    },
    destination({ fd: 1, sync: true }),
  );
  return (entry) => {
    const { level, text } = LOG_EVENTS[entry.event];
    logger[level](entry, entry.event === "listening" ? `${text} on ${entry.address}` : text);
  };
}
