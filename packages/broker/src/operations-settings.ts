import { statSync } from "node:fs";
import { isIP } from "node:net";
import { ADMIN_TOKEN_UNITS_MIN, isRedisUrl, REDIS_PREFIX_PATTERN } from "./broker-options.ts";
import { LOG_LEVELS } from "./log-entry.ts";
import { readInteger, readText, type MutableOptions, type Setting } from "./setting.ts";
import { isCertificate, isPrivateKey } from "./tls-files.ts";

const DRAIN_SECONDS_MAX = 300;

/** Settings for whoever runs the command: how it stops, what it tells, and to whom. */
export const OPERATIONS_SETTINGS: Readonly<Record<string, Setting>> = {
  "drain-seconds": {
    value: "SECONDS",
    help: "On SIGTERM, move members away over this time; worth it where other nodes take them. Default 0: all at once.",
    apply: (text, options) => {
      const seconds = readInteger(text, DRAIN_SECONDS_MAX);
      if (seconds === undefined) return `seconds, 0 to ${DRAIN_SECONDS_MAX}`;
      options.drainMs = seconds * 1_000;
      return undefined;
    },
  },
  "log-level": {
    value: "LEVEL",
    help: `Least that is logged: ${LOG_LEVELS.join(", ")} or silent. Default info.`,
    apply: (text, options) => {
      const level = text === "silent" ? text : LOG_LEVELS.find((known) => known === text);
      if (level === undefined) return `${LOG_LEVELS.join(", ")} or silent`;
      options.logLevel = level;
      return undefined;
    },
  },
  "metrics-port": {
    value: "NUMBER",
    help: "Port of its own for /metrics, /healthz and /readyz, without a token; 0 for any. Default: none.",
    apply: (text, options) => {
      const port = readInteger(text, 65_535);
      if (port === undefined) return "a port, 0 to 65535";
      options.metricsPort = port;
      return undefined;
    },
  },
  "metrics-host": {
    value: "ADDRESS",
    help: "Address to listen on for --metrics-port. Default 127.0.0.1.",
    apply: (text, options) => {
      if (isIP(text) === 0) return "an IP address";
      options.metricsHost = text;
      return undefined;
    },
  },
  "redis-url": {
    value: "URL",
    help: "Redis 7 that several brokers share, redis:// or rediss://; also REDIS_URL. They need one --signing-key-file. Default: lobbies live in this process.",
    apply: (text, options) => {
      if (!isRedisUrl(text)) return "redis://host:port or rediss://host:port, with user:password@ where it has one";
      options.redisUrl = text;
      return undefined;
    },
  },
  "redis-prefix": {
    value: "TEXT",
    help: "Before every key in Redis, where others use it too. Default rollcall.",
    apply: (text, options) => {
      if (!REDIS_PREFIX_PATTERN.test(text)) return "1 to 32 letters, digits, - or _";
      options.redisPrefix = text;
      return undefined;
    },
  },
  "tls-cert": {
    value: "FILE",
    isFollowed: true,
    help: "Certificate with its chain (PEM), for https: and wss:; read again when it changes. Default: plain http:, behind a proxy.",
    apply: (text, options) => {
      if (!isCertificate(readText(text) ?? "")) return "a file with a certificate (PEM)";
      options.tls.certFile = text;
      return undefined;
    },
  },
  "tls-key": {
    value: "FILE",
    isFollowed: true,
    help: "Key of that certificate (PEM, without a password), read again when it changes.",
    apply: (text, options) => {
      if (!isPrivateKey(readText(text) ?? "")) return "a file with a private key (PEM) without a password";
      options.tls.keyFile = text;
      return undefined;
    },
  },
  static: {
    value: "FOLDER",
    help: "Folder with a built game, served to browsers beside the broker. Default: none.",
    apply: (text, options) => {
      if (!isFolder(text)) return "a folder";
      options.staticFolder = text;
      return undefined;
    },
  },
  "admin-token": {
    value: "TEXT",
    help: "Opens /metrics and /admin to whoever has it. Better in a variable or a file than on the command line. Default: nobody.",
    apply: (text, options) => applyAdminToken(text, options),
  },
  "admin-token-file": {
    value: "FILE",
    help: "File with that token.",
    apply: (text, options) =>
      applyAdminToken(readText(text) ?? "", options) === undefined ? undefined : `a file with at least ${ADMIN_TOKEN_UNITS_MIN} characters`,
  },
};

function isFolder(path: string): boolean {
  try {
    return statSync(path).isDirectory();
  } catch {
    return false;
  }
}

function applyAdminToken(text: string, options: MutableOptions): string | undefined {
  if (text.length < ADMIN_TOKEN_UNITS_MIN) return `at least ${ADMIN_TOKEN_UNITS_MIN} characters`;
  options.adminToken = text;
  return undefined;
}
