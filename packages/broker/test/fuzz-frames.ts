/** Frames for the fuzz tests that are of the grammars. All of it follows from the random numbers. */
import type { Random } from "@rollcall/netcode/core";
import { LOBBY_ERROR_CODES, LOBBY_PROTOCOL_VERSION, type LobbyChange, type LobbyCommand } from "@rollcall/netcode/lobby-protocol";
import { pick } from "./pick.ts";

/** What frames may name, so that they reach further than a refusal by name. */
export interface FuzzNames {
  readonly peerIds: readonly string[];
  readonly codes: readonly string[];
  readonly secrets: readonly string[];
  readonly keys: readonly string[];
  /** In the connection id of what is of the grammar: says who made it. */
  readonly mark: string;
}

export const NO_NAMES: FuzzNames = {
  peerIds: ["0123456789abcdef0123456789abcdef", "bob"],
  codes: ["BCDFG"],
  secrets: ["secret"],
  keys: ["A".repeat(43)],
  mark: "dc_nobody",
};

const LETTERS = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";
function word(random: Random, lengthMin: number, lengthMax: number): string {
  let text = "";
  for (let left = lengthMin + random.integer(lengthMax - lengthMin + 1); left > 0; left--) text += LETTERS[random.integer(62)] ?? "";
  return text;
}

function json(random: Random, depth = 2): unknown {
  switch (random.integer(depth > 0 ? 7 : 4)) {
    case 0:
      return null;
    case 1:
      return random.chance(0.5);
    case 2:
      return random.integer(1_000) - 500;
    case 3:
      return word(random, 0, 12);
    case 4:
    case 5:
      return Array.from({ length: random.integer(4) }, () => json(random, depth - 1));
    default:
      return Object.fromEntries(Array.from({ length: random.integer(4) }, () => [word(random, 1, 6), json(random, depth - 1)]));
  }
}

const player = (random: Random): object => ({ name: word(random, 0, 20), colour: random.integer(64), choices: json(random) });
const profile = (random: Random): object => (random.chance(0.2) ? { ...player(random), guests: [player(random)] } : player(random));
const GAMES = [
  { id: "tag", version: 1, contentHash: "0123abcd" },
  { id: "tag", version: 2, contentHash: "0123abcd" },
];

/** Base64url of whole bytes: 22 letters are 16 of them, 43 are 32. */
const bytes = (random: Random, letters: 22 | 43): string => `${word(random, letters - 1, letters - 1).replaceAll(/[-_]/g, "x")}A`;
const verifier = (random: Random): object => ({ salt: bytes(random, 22), storedKey: bytes(random, 43) });
const filter = (random: Random): object => ({
  ...(random.chance(0.5) ? { joinable: true, idle: random.chance(0.5) } : {}),
  ...(random.chance(0.3) ? { open: random.chance(0.5) } : {}),
  ...(random.chance(0.3) ? { metadata: { [word(random, 1, 6)]: pick(random, [word(random, 0, 9), random.integer(9), true, null]) } } : {}),
});

const RESERVATIONS = ["a", "b", "c"].map((letter) => letter.repeat(16));

const visit = (random: Random): object =>
  random.chance(0.3) ? { device: word(random, 16, 64), entrance: { id: word(random, 16, 64), attempt: 1 + random.integer(3) } } : {};

/** One command of each kind that the protocol has; each of its fields is there in some of them. */
const COMMANDS: Readonly<Record<LobbyCommand["type"], (random: Random, names: FuzzNames) => object>> = {
  create: (random, { keys }) => ({
    protocol: LOBBY_PROTOCOL_VERSION,
    key: pick(random, keys),
    game: pick(random, GAMES),
    profile: profile(random),
    capacity: 1 + random.integer(64),
    settings: json(random),
    metadata: json(random),
    listed: random.chance(0.5),
    audience: random.integer(9),
    ...(random.chance(0.1) ? { password: verifier(random) } : {}),
    // Refused where there is no TURN server.
    ...(random.chance(0.05) ? { relayOnly: true } : {}),
    ...visit(random),
  }),
  join: (random, { keys, codes }) => ({
    protocol: LOBBY_PROTOCOL_VERSION,
    key: pick(random, keys),
    code: pick(random, codes),
    game: pick(random, GAMES),
    profile: profile(random),
    ...(random.chance(0.3) ? { as: pick(random, ["spectator", "queue"]) } : {}),
    ...(random.chance(0.3) ? { reservation: pick(random, RESERVATIONS) } : {}),
    ...(random.chance(0.1) ? { password: { nonce: word(random, 1, 60), proof: bytes(random, 43) } } : {}),
    ...visit(random),
  }),
  "quick-match": (random, { keys }) => ({
    protocol: LOBBY_PROTOCOL_VERSION,
    key: pick(random, keys),
    game: pick(random, GAMES),
    profile: profile(random),
    filter: filter(random),
    capacity: 1 + random.integer(64),
    settings: json(random),
    metadata: json(random),
    ...visit(random),
  }),
  list: (random) => ({ protocol: LOBBY_PROTOCOL_VERSION, game: pick(random, GAMES), filter: filter(random) }),
  challenge: (random, { keys, codes }) => ({ protocol: LOBBY_PROTOCOL_VERSION, key: pick(random, keys), code: pick(random, codes) }),
  resume: (random, { keys, codes, secrets }) => ({
    protocol: LOBBY_PROTOCOL_VERSION,
    key: pick(random, keys),
    code: pick(random, codes),
    secret: pick(random, secrets),
    freshPage: random.chance(0.5),
    lastEvent: random.integer(100),
    ...(random.chance(0.3) ? { keepsake: word(random, 20, 200) } : {}),
    ...(random.chance(0.3) ? { device: word(random, 16, 64) } : {}),
  }),
  leave: () => ({}),
  "ice-servers": () => ({}),
  "keep-open": () => ({}),
  bans: () => ({}),
  unban: (random) => ({ ban: random.integer(4) }),
  "set-profile": (random) => ({ profile: profile(random) }),
  "set-ready": (random) => ({ ready: random.chance(0.5) }),
  "set-settings": (random) => ({ settings: json(random, 4) }),
  "set-metadata": (random) => ({ metadata: json(random, 4) }),
  "set-locked": (random) => ({ locked: random.chance(0.2) }),
  "set-audience": (random) => ({ audience: random.integer(65) }),
  "set-role": (random, { peerIds }) => ({
    role: random.chance(0.5) ? "player" : "spectator",
    ...(random.chance(0.5) ? { peerId: pick(random, peerIds) } : {}),
  }),
  "set-listed": (random) => ({ listed: random.chance(0.5) }),
  "set-password": (random) => ({ password: random.chance(0.8) ? null : verifier(random) }),
  reserve: (random) => ({ reservations: [pick(random, RESERVATIONS)], forMs: 1 + random.integer(60_000) }),
  unreserve: (random) => (random.chance(0.5) ? {} : { reservations: RESERVATIONS }),
  "set-capacity": (random) => ({ capacity: 1 + random.integer(64) }),
  kick: (random, { peerIds }) => ({ peerId: pick(random, peerIds) }),
  ban: (random, { peerIds }) => ({ peerId: pick(random, peerIds), ...(random.chance(0.5) ? { banMs: 1 + random.integer(600_000) } : {}) }),
  "transfer-host": (random, { peerIds }) => ({ peerId: pick(random, peerIds) }),
  start: (random) => ({ playerCount: 1 + random.integer(8), botProfiles: [player(random)], countdownMs: random.integer(60_000) }),
  "end-match": (random) => ({ matchNumber: random.integer(4) }),
};
const COMMAND_TYPES = Object.keys(COMMANDS) as readonly LobbyCommand["type"][];

/** A frame of `/lobby`. */
export function memberFrame(random: Random, names: FuzzNames): string {
  if (random.chance(0.1)) return JSON.stringify(random.chance(0.5) ? { ping: random.integer(1_000) } : { pong: random.integer(1_000) });
  const type = pick(random, COMMAND_TYPES);
  const epoch = random.chance(0.1) ? { hostEpoch: random.integer(4) } : {};
  return JSON.stringify({ request: random.integer(1_000), command: { type, ...COMMANDS[type](random, names) }, ...epoch });
}

/** A frame of `/peerjs`. */
export function signalingFrame(random: Random, { peerIds, mark }: FuzzNames): string {
  const dst = pick(random, peerIds);
  // A source is the broker's to say: whatever stands here does not count.
  const src = random.chance(0.2) ? { src: pick(random, peerIds) } : {};
  const type = pick(random, ["OFFER", "ANSWER", "CANDIDATE", "LEAVE", "HEARTBEAT"]);
  const connection = { type: random.chance(0.8) ? "data" : "media", connectionId: mark };
  switch (type) {
    case "HEARTBEAT":
      return JSON.stringify({ type, ...(random.chance(0.5) ? { echo: true } : {}) });
    case "LEAVE":
      return JSON.stringify({ type, ...src, ...(random.chance(0.95) ? { dst } : {}) });
    case "CANDIDATE": {
      const candidate = `candidate:1 1 udp 2122260223 192.0.2.${random.integer(256)} 5000 typ ${pick(random, ["host", "srflx", "relay"])} raddr 10.0.0.1 rport 9`;
      return JSON.stringify({ type, ...src, dst, payload: { ...connection, candidate: { candidate, sdpMid: "0", sdpMLineIndex: 0 } } });
    }
    default: {
      const sdp = { type: type === "OFFER" ? "offer" : "answer", sdp: `v=0\r\nc=IN IP4 192.0.2.1\r\na=${word(random, 0, 60)}\r\n` };
      const more = random.chance(0.5) ? { label: word(random, 1, 20), serialization: "raw", reliable: true, metadata: json(random) } : {};
      return JSON.stringify({ type, ...src, dst, payload: { ...connection, sdp, ...more } });
    }
  }
}

const member = (random: Random, { peerIds }: FuzzNames): object => ({
  peerId: pick(random, peerIds),
  seat: random.integer(64),
  order: 1 + random.integer(99),
  profile: profile(random),
  ready: random.chance(0.5),
  connected: random.chance(0.5),
  ...(random.chance(0.3) ? { role: pick(random, ["spectator", "queued"]), queueNumber: random.integer(99) } : {}),
});

const match = (random: Random, { peerIds }: FuzzNames): object => ({
  matchNumber: random.integer(99),
  seed: random.uint32(),
  seats: [
    { kind: "person", peerId: pick(random, peerIds), profile: player(random) },
    { kind: "bot", profile: player(random) },
  ],
  settings: json(random),
  hostId: pick(random, peerIds),
  countdownMs: random.integer(60_000),
});

const door = (random: Random): object => ({
  listed: random.chance(0.5),
  password: random.chance(0.5),
  audience: random.integer(9),
  reserved: random.integer(9),
});

/** One change of each kind. */
const CHANGES: Readonly<Record<LobbyChange["type"], (random: Random, names: FuzzNames) => object>> = {
  "member-joined": (random, names) => ({ member: member(random, names) }),
  "member-left": (random, { peerIds }) => ({
    peerId: pick(random, peerIds),
    reason: pick(random, ["left", "kicked", "banned", "expired"]),
  }),
  "member-disconnected": (random, { peerIds }) => ({ peerId: pick(random, peerIds) }),
  "member-returned": (random, names) => ({ peerId: pick(random, names.peerIds), member: member(random, names) }),
  "member-changed": (random, { peerIds }) => ({ peerId: pick(random, peerIds), profile: profile(random), ready: random.chance(0.5) }),
  "role-changed": (random, { peerIds }) => ({
    peerId: pick(random, peerIds),
    ...(random.chance(0.5) ? { role: pick(random, ["spectator", "queued"]), queueNumber: random.integer(99) } : {}),
  }),
  "host-changed": (random, { peerIds }) => ({ hostId: pick(random, peerIds), hostEpoch: random.integer(9) }),
  "settings-changed": (random) => ({ settings: json(random) }),
  "metadata-changed": (random) => ({ metadata: json(random) }),
  "locked-changed": (random) => ({ locked: random.chance(0.5) }),
  "capacity-changed": (random) => ({ capacity: 1 + random.integer(64) }),
  "door-changed": (random) => ({ door: door(random) }),
  "idle-changed": (random) => ({ idle: random.chance(0.5) }),
  "match-started": (random, names) => ({ match: match(random, names) }),
  "match-ended": (random) => ({ matchNumber: random.integer(9) }),
};
const CHANGE_TYPES = Object.keys(CHANGES) as readonly LobbyChange["type"][];

const iceGrant = (random: Random): object => ({
  iceServers: random.chance(0.5)
    ? [{ urls: ["stun:stun.example"] }]
    : [{ urls: ["turn:turn.example", "turns:turn.example"], username: word(random, 1, 20), credential: word(random, 1, 20) }],
  ...(random.chance(0.5) ? { iceLifeMs: random.integer(600_000) } : {}),
});

const authority = (random: Random): object => ({
  life: word(random, 16, 16),
  clockS: random.uint32(),
  keys: [{ kid: word(random, 8, 8), key: bytes(random, 43) }],
});

function admission(random: Random, names: FuzzNames): object {
  const lobby = {
    code: pick(random, names.codes),
    game: pick(random, GAMES),
    capacity: 1 + random.integer(64),
    locked: random.chance(0.5),
    door: door(random),
    relayOnly: random.chance(0.5),
    hostId: pick(random, names.peerIds),
    hostEpoch: random.integer(9),
    settings: json(random),
    metadata: json(random),
    members: [member(random, names)],
    ...(random.chance(0.3) ? { match: match(random, names) } : {}),
    matchCount: random.integer(9),
    idle: random.chance(0.5),
    event: random.integer(99),
  };
  const secrets = { resumeSecret: word(random, 20, 40), signalingToken: word(random, 20, 40) };
  const relaysFrames = random.chance(0.5) ? { relaysFrames: random.chance(0.5) } : {};
  const rosters = random.chance(0.5) ? { authority: authority(random) } : {};
  return { lobby, peerId: pick(random, names.peerIds), ...secrets, ...relaysFrames, ...rosters, ...iceGrant(random) };
}

const ban = (random: Random): object => ({
  id: random.integer(99),
  name: word(random, 1, 20),
  ...(random.chance(0.5) ? { leftMs: random.integer(600_000) } : {}),
});

const lobbyError = (random: Random): object => ({
  code: pick(random, LOBBY_ERROR_CODES),
  message: word(random, 1, 30),
  ...(random.chance(0.3) ? { retryAfterMs: random.integer(60_000) } : {}),
  ...(random.chance(0.3) ? { expected: pick(random, GAMES) } : {}),
});

/** A frame of the broker, for members. */
export function brokerFrame(random: Random, names: FuzzNames): string {
  const type = pick(random, CHANGE_TYPES);
  const result = pick(random, [admission, admission, iceGrant, () => ({ bans: [ban(random), ban(random)] }), () => null]);
  const rare = pick(random, [
    { ping: random.integer(1_000) },
    { pong: random.integer(1_000) },
    { keepsake: word(random, 20, 200) },
    { roster: [1, 2, 3].map(() => word(random, 1, 99)).join(".") },
    {
      goodbye: pick(random, ["REPLACED", "KICKED", "BANNED", "RATE_LIMITED", "BAD_REQUEST", "SHUTTING_DOWN", "LOBBY_CLOSED", "LOBBY_IDLE"]),
    },
  ]);
  switch (random.integer(8)) {
    case 0:
    case 1:
      return JSON.stringify({ reply: random.integer(999), ok: true, result: result(random, names) });
    case 2:
      return JSON.stringify({ reply: random.integer(999), ok: false, error: lobbyError(random) });
    case 3:
      return JSON.stringify(rare);
    default:
      return JSON.stringify({ event: random.integer(999), change: { type, ...CHANGES[type](random, names) } });
  }
}

/** What the broker says to who follows the public list. */
export function listFrame(random: Random, { codes }: FuzzNames): string {
  const lobby = (): object => ({
    code: pick(random, codes),
    hostName: word(random, 1, 20),
    metadata: json(random),
    members: 1 + random.integer(64),
    capacity: 1 + random.integer(64),
    playing: random.chance(0.5),
    password: random.chance(0.5),
    relayOnly: random.chance(0.5),
  });
  const lobbies = Array.from({ length: random.integer(4) }, lobby);
  const total = random.integer(100);
  const reply = random.integer(1_000);
  const frame = pick(random, [
    { reply, ok: true, result: { lobbies, total } },
    { list: { put: lobbies, gone: [pick(random, codes)], total } },
    { list: { put: lobbies, gone: [], total } },
    { reply, ok: false, error: lobbyError(random) },
    { ping: reply },
    { pong: reply },
    { goodbye: "SHUTTING_DOWN" },
  ]);
  return JSON.stringify(frame);
}

/** What the broker says to who asked what to prove for a password. */
export function challengeFrame(random: Random): string {
  const reply = random.integer(1_000);
  return JSON.stringify(
    random.chance(0.7)
      ? { reply, ok: true, result: { salt: bytes(random, 22), nonce: word(random, 1, 60) } }
      : { reply, ok: false, error: lobbyError(random) },
  );
}

/** A line of an HTTP header: addresses, origins, credentials. */
export function headerText(random: Random): string {
  return pick(random, [
    `192.0.2.${random.integer(256)}, 10.0.0.${random.integer(256)}`,
    `2001:db8::${random.integer(9_999)}%eth0, ::ffff:192.0.2.1`,
    `https://${word(random, 1, 20)}.example:${random.integer(65_536)}`,
    `Bearer ${word(random, 0, 40)}`,
    `Basic ${word(random, 0, 40)}`,
    `/${word(random, 1, 20)}/%61/${word(random, 0, 20)}?${word(random, 0, 9)}=%zz`,
    `[{"urls":["turn:${word(random, 1, 9)}:3478"],"username":"u","credential":"c"}]`,
    `stun:${word(random, 1, 9)}:3478,turn:a:b@${word(random, 1, 9)}`,
  ]);
}
