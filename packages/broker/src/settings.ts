import { isIP } from "node:net";
import { LOBBY_CODE_LENGTH, LOBBY_CODE_LENGTH_MAX } from "@rollcall/netcode/lobby-protocol";
import { parseArgs } from "node:util";
import type { BrokerOptions } from "./broker-options.ts";
import { parseIceServers } from "./ice-servers.ts";
import { parseSigningKeys, SIGNING_KEY_UNITS_MIN } from "./key-ring.ts";
import { readSigningKeys } from "./signing-key.ts";
import { BROKER_LIMITS, type BrokerLimits } from "./limits.ts";
import type { LogLevel } from "./log-entry.ts";
import { OPERATIONS_SETTINGS } from "./operations-settings.ts";
import { normalizeOrigin } from "./origin-policy.ts";
import { isPipe, readInteger, readText, whyUnreadable, type MutableOptions, type Setting } from "./setting.ts";
import { tlsPairTrouble } from "./tls-files.ts";
import { areTurnUrls, parseTurnServers, TURN_SECRET_UNITS_MIN } from "./turn-servers.ts";

/** What the command was told to do. */
export type Settings =
  | { readonly kind: "run"; readonly options: BrokerOptions; readonly logLevel: LogLevel | "silent" }
  | { readonly kind: "help"; readonly text: string }
  | { readonly kind: "version" }
  /** `message` names the setting. */
  | { readonly kind: "refused"; readonly message: string };

const DEFAULT_PORT = 9000;
const LIMIT_MAX = 999_999_999;
const TURN_SERVERS_EXPECTED = `JSON: [{ "urls": ["turn:host:3478"], "secrets": ["at least ${TURN_SECRET_UNITS_MIN} characters"], "ttlSeconds": 600 }]`;

/** Two ways to say one thing: each of them alone. */
const RIVALS: readonly (readonly string[])[] = [
  ["admin-token", "admin-token-file"],
  ["ticket-secret", "ticket-secret-file"],
  ["turn-secret", "turn-secret-file"],
  ["turn", "turn-servers", "turn-servers-file"],
];

const SETTINGS: Readonly<Record<string, Setting>> = {
  port: {
    value: "NUMBER",
    help: `Port to listen on, 0 for any. Default ${DEFAULT_PORT}.`,
    apply: (text, options) => {
      const port = readInteger(text, 65_535);
      if (port === undefined) return "a port, 0 to 65535";
      options.port = port;
      return undefined;
    },
  },
  host: {
    value: "ADDRESS",
    help: "Address to listen on. Default: all of this machine's.",
    apply: (text, options) => {
      if (isIP(text) === 0 && !/^[A-Za-z0-9]([A-Za-z0-9.-]{0,251}[A-Za-z0-9])?$/.test(text)) return "an IP address or a host name";
      options.host = text;
      return undefined;
    },
  },
  "ice-servers": {
    value: "LIST",
    help: "STUN and TURN servers for members: JSON, or stun:host:port,turn:user:password@host:port. Default: none.",
    apply: (text, options) => {
      const servers = parseIceServers(text);
      if (servers === undefined) return "JSON, or a comma list of stun:host:port and turn:user:password@host:port";
      options.iceServers = servers;
      return undefined;
    },
  },
  turn: {
    value: "LIST",
    help: "TURN servers that share --turn-secret: turn:host:3478?transport=udp,turns:host:443?transport=tcp. Default: none.",
    apply: (text, options) => {
      const urls = text.split(",").map((url) => url.trim());
      if (!areTurnUrls(urls)) return "a comma list of turn:host:port and turns:host:port";
      options.turn.urls = urls;
      return undefined;
    },
  },
  "turn-secret": {
    value: "TEXT",
    help: "The secret of the TURN servers (coturn: static-auth-secret). Better in a variable or a file than on the command line.",
    apply: (text, options) => applyTurnSecret(text, options),
  },
  "turn-secret-file": {
    value: "FILE",
    help: "File with the secret of the TURN servers.",
    apply: (text, options) =>
      applyTurnSecret(readText(text) ?? "", options) === undefined ? undefined : `a file with at least ${TURN_SECRET_UNITS_MIN} characters`,
  },
  "turn-servers": {
    value: "JSON",
    help: 'TURN servers with secrets of their own: [{ "urls": ["turn:host:3478"], "secrets": ["newest", "the one before"], "ttlSeconds": 600 }].',
    apply: (text, options) => {
      const servers = parseTurnServers(text);
      if (servers === undefined) return TURN_SERVERS_EXPECTED;
      options.turnServers = servers;
      return undefined;
    },
  },
  "turn-servers-file": {
    value: "FILE",
    isFollowed: true,
    help: "File with the same JSON, read again when it changes.",
    apply: (text, options) => {
      if (parseTurnServers(readText(text) ?? "") === undefined) return `a file with ${TURN_SERVERS_EXPECTED}`;
      options.turnServersFile = text;
      return undefined;
    },
  },
  "turn-ttl": {
    value: "SECONDS",
    help: "Life of TURN credentials; members ask for fresh ones in time. Default 600.",
    apply: (text, options) => {
      const seconds = readInteger(text, 86_400);
      if (seconds === undefined || seconds === 0) return "seconds, 1 to 86400";
      options.turn.lifeMs = seconds * 1000;
      return undefined;
    },
  },
  origins: {
    value: "LIST",
    help: "Origins of pages that may connect, separated by commas, or *. Default: pages of the same host and of this machine.",
    apply: (text, options) => {
      const origins = text.split(",").map((origin) => normalizeOrigin(origin.trim()));
      if (!origins.every((origin) => origin !== undefined)) return "origins such as https://play.example, separated by commas, or *";
      options.origins = origins;
      return undefined;
    },
  },
  "trusted-proxy-hops": {
    value: "NUMBER",
    help: "Proxies in front of the broker that append to X-Forwarded-For. Default 0.",
    apply: (text, options) => {
      const hops = readInteger(text, 16);
      if (hops === undefined) return "a number of proxies, 0 to 16";
      options.trustedProxyHops = hops;
      return undefined;
    },
  },
  "signing-key-file": {
    value: "FILE",
    isFollowed: true,
    help: "File with the secrets that sign and seal, one a line, at least 32 characters each; made when missing, read again when it changes. With it lobbies survive a restart. Default: a new secret with each start.",
    apply: (text, options) => {
      if (readSigningKeys(text) === undefined)
        return "a file with a key a line (SECRET or 2026-12-01T00:00Z SECRET, at least 32 characters), or a place for a new one";
      options.signingKeyFile = text;
      return undefined;
    },
  },
  "code-length": {
    value: "NUMBER",
    help: "Letters of a lobby code, 5 to 8. Default 5.",
    apply: (text, options) => {
      const letters = readInteger(text, LOBBY_CODE_LENGTH_MAX);
      if (letters === undefined || letters < LOBBY_CODE_LENGTH) return "a number of letters, 5 to 8";
      options.codeLength = letters;
      return undefined;
    },
  },
  limits: {
    value: "LIST",
    help: `Limits as name=number, separated by commas: ${Object.keys(BROKER_LIMITS).join(", ")}.`,
    apply: (text, options) => {
      const limits = readLimits(text);
      if (typeof limits === "string") return limits;
      options.limits = limits;
      return undefined;
    },
  },
  open: {
    value: undefined,
    help: "Let PeerJS clients without a lobby signal to each other.",
    apply: (text, options) => readSwitch(text, (on) => (options.open = on)),
  },
  "ticket-secret": {
    value: "TEXT",
    help: "Let PeerJS clients in that have a ticket by this secret, which your own server makes out. Better in a variable or a file than on the command line.",
    apply: (text, options) => {
      if (text.length < SIGNING_KEY_UNITS_MIN) return `at least ${SIGNING_KEY_UNITS_MIN} characters`;
      options.ticketSecret = text;
      return undefined;
    },
  },
  "ticket-secret-file": {
    value: "FILE",
    isFollowed: true,
    help: "File with such secrets, one a line as in --signing-key-file, read again when it changes.",
    apply: (text, options) => {
      if (parseSigningKeys(readText(text) ?? "", Date.now()) === undefined)
        return "a file with a secret a line (SECRET or 2026-12-01T00:00Z SECRET, at least 32 characters)";
      options.ticketSecretFile = text;
      return undefined;
    },
  },
  "relay-frames": {
    value: undefined,
    help: "Carry packets between members that have no other way, within limits.",
    apply: (text, options) => readSwitch(text, (on) => (options.relayFrames = on)),
  },
  "uniform-errors": {
    value: undefined,
    help: "Answer a full, locked or other-version lobby, or a missing or wrong password, like a wrong code.",
    apply: (text, options) => readSwitch(text, (on) => (options.uniformErrors = on)),
  },
  ...OPERATIONS_SETTINGS,
};

/** Reads the command line and `ROLLCALL_…` variables; the command line wins. Nonsense is refused by name, never guessed at. */
export function readSettings(args: readonly string[], environment: Readonly<Record<string, string | undefined>>): Settings {
  let flags: Readonly<Record<string, string | boolean | undefined>>;
  try {
    const { values, tokens } = parseArgs({
      args: [...args],
      strict: true,
      allowPositionals: false,
      tokens: true,
      options: parserOptions(),
    });
    const names = tokens.flatMap((token) => (token.kind === "option" ? [token.name] : []));
    const twice = names.find((name, index) => names.indexOf(name) !== index);
    if (twice !== undefined) return { kind: "refused", message: `--${twice}: expected once` };
    flags = values;
  } catch (error) {
    const message = error instanceof Error ? (error.message.split(/\. |\.?\n/, 1)[0] ?? "") : "unreadable arguments";
    return { kind: "refused", message: `${message}. All that there is: rollcall-broker --help` };
  }
  if (flags["help"] === true) return { kind: "help", text: helpText() };
  if (flags["version"] === true) return { kind: "version" };
  const options: MutableOptions = { port: DEFAULT_PORT, tls: {}, turn: {}, logLevel: "info" };
  const given = new Map<string, string>();
  for (const [name, setting] of Object.entries(SETTINGS)) {
    const flag = flags[name];
    const variable = name === "redis-url" && environment[variableOf(name)] === undefined ? "REDIS_URL" : variableOf(name);
    const text = flag === undefined ? environment[variable] : String(flag);
    // An empty variable is how a compose file says "not set".
    if (text === undefined || (flag === undefined && text === "")) continue;
    given.set(name, flag === undefined ? variable : `--${name}`);
    // It would be read here, and be empty for whoever follows it.
    const expected =
      setting.isFollowed === true && isPipe(text) ? "a file that can be read again, not a pipe" : setting.apply(text, options);
    if (expected !== undefined) return { kind: "refused", message: `${given.get(name)}: expected ${expected}${unreadable(setting, text)}` };
  }
  for (const names of RIVALS) {
    const [one, other] = names.flatMap((name) => given.get(name) ?? []);
    if (other !== undefined) return { kind: "refused", message: `${other}: expected without ${one}` };
  }
  return runSettings(options, (name) => given.get(name));
}

/** `said`: how a setting was given, by flag or by variable; `undefined`: not at all. */
function runSettings(
  { tls, turn, turnServers, logLevel, ...others }: MutableOptions,
  said: (name: string) => string | undefined,
): Settings {
  const refused = (name: string | undefined, expected: string): Settings => ({ kind: "refused", message: `${name}: expected ${expected}` });
  const { urls, secret, ...life } = turn;
  const { certFile, keyFile } = tls;
  if (others.metricsHost !== undefined && others.metricsPort === undefined) return refused(said("metrics-host"), "--metrics-port too");
  if (keyFile === undefined && certFile !== undefined) return refused(said("tls-cert"), "--tls-key too");
  if (certFile === undefined && keyFile !== undefined) return refused(said("tls-key"), "--tls-cert too");
  const pair = certFile === undefined || keyFile === undefined ? undefined : { certFile, keyFile };
  const tlsTrouble = pair && tlsPairTrouble(pair);
  if (tlsTrouble === "other") return refused(said("tls-key"), `the key of ${said("tls-cert")}`);
  if (tlsTrouble !== undefined) return refused(said("tls-cert"), `a certificate and key that TLS takes (${tlsTrouble})`);
  if (others.open === true && (others.ticketSecret ?? others.ticketSecretFile) !== undefined)
    return refused(said("ticket-secret") ?? said("ticket-secret-file"), `without ${said("open")}`);
  const rest = pair === undefined ? others : { ...others, tls: pair };
  if (rest.redisUrl !== undefined && rest.signingKeyFile === undefined)
    return refused(said("redis-url"), "--signing-key-file too, the same for all brokers");
  if (rest.redisPrefix !== undefined && rest.redisUrl === undefined) return refused(said("redis-prefix"), "--redis-url too");
  if (life.lifeMs !== undefined && urls === undefined) return refused(said("turn-ttl"), "--turn too");
  if (urls === undefined && secret === undefined) {
    return { kind: "run", options: turnServers === undefined ? rest : { ...rest, turn: turnServers }, logLevel };
  }
  if (urls === undefined) return refused(said("turn-secret") ?? said("turn-secret-file"), "--turn too");
  if (secret === undefined) return refused(said("turn"), "--turn-secret or --turn-secret-file too");
  return { kind: "run", options: { ...rest, turn: { urls, secret, ...life } }, logLevel };
}

function unreadable({ value }: Setting, text: string): string {
  if (isPipe(text)) return "";
  return value === "FILE" || value === "FOLDER" ? whyUnreadable(text, value === "FOLDER") : "";
}

function applyTurnSecret(text: string, options: MutableOptions): string | undefined {
  if (text.length < TURN_SECRET_UNITS_MIN) return `at least ${TURN_SECRET_UNITS_MIN} characters`;
  options.turn.secret = text;
  return undefined;
}

function parserOptions(): Record<string, { type: "string" | "boolean"; short?: string }> {
  const known = Object.entries(SETTINGS).map(([name, { value }]) => [name, { type: value === undefined ? "boolean" : "string" }] as const);
  return { ...Object.fromEntries(known), help: { type: "boolean", short: "h" }, version: { type: "boolean" } };
}

/** Columns of the help: flags on the left, what they do on the right. */
const FLAG_COLUMNS = 30;
const TEXT_COLUMNS = 76;

function helpText(): string {
  const rows = Object.entries(SETTINGS).map(([name, { value, help }]) => {
    const flag = `--${name}${value === undefined ? "" : ` ${value}`}`;
    return helpRow(flag, `${help} (${variableOf(name)})`);
  });
  return [
    "rollcall-broker: signaling and lobbies for Rollcall games.",
    "",
    "Each setting is a flag, or the variable after it; the flag wins.",
    "",
    ...rows,
    helpRow("ticket PEER_ID", "In place of settings: makes out a ticket, with --ticket-secret-file FILE and --life SECONDS, for trying."),
    helpRow("--version", "The version."),
    helpRow("--help", "This text."),
    "",
    "Ends with 0 on SIGINT and SIGTERM, with 1 when it cannot listen or breaks, with 2 when a setting is wrong.",
  ].join("\n");
}

function helpRow(flag: string, text: string): string {
  const lines = text.match(new RegExp(`\\S.{0,${TEXT_COLUMNS - 2}}\\S(?=\\s|$)|\\S+`, "g")) ?? [];
  return lines.map((line, index) => `  ${(index === 0 ? flag : "").padEnd(FLAG_COLUMNS)} ${line}`).join("\n");
}

function variableOf(name: string): string {
  return `ROLLCALL_${name.toUpperCase().replaceAll("-", "_")}`;
}

function readSwitch(text: string, set: (on: boolean) => void): string | undefined {
  if (text !== "true" && text !== "1" && text !== "false" && text !== "0") return "true or false";
  set(text === "true" || text === "1");
  return undefined;
}

/** A string: what was expected. */
function readLimits(text: string): Partial<BrokerLimits> | string {
  const limits: Record<string, number> = {};
  for (const entry of text.split(",")) {
    const [name = "", number = ""] = entry.split(/=(.*)/, 2).map((part) => part.trim());
    if (!Object.hasOwn(BROKER_LIMITS, name))
      return `name=number, separated by commas, with names among ${Object.keys(BROKER_LIMITS).join(", ")}`;
    if (Object.hasOwn(limits, name)) return `${name} once`;
    const value = readInteger(number, LIMIT_MAX);
    if (value === undefined || value === 0) return `${name}=number, 1 to ${LIMIT_MAX}`;
    limits[name] = value;
  }
  return limits;
}
