import { assert } from "../base/assert.ts";
import { ByteReader, ByteWriter } from "../base/bytes.ts";
import { checksumBytes } from "../base/checksum.ts";
import { findPlainFault } from "../base/plain-fault.ts";
import { PLAYERS_MAX, parsePeerId, type PeerId } from "../base/units.ts";
import type { Profile } from "../ports/lobby-protocol.ts";
import { SNAPSHOT_BYTES_MAX } from "../ports/simulation.ts";
import { ENTRY_BYTES_MAX, readEntry, writeEntry } from "../rollback/timeline-codec.ts";
import type { TimelineEntry } from "../rollback/timeline.ts";
import { decodePayload, encodePayload } from "../wire/payload-codec.ts";
import { INPUT_BYTES_MAX } from "../wire/limits.ts";
import { decodeInputs, encodeInputs } from "./input-coding.ts";
import { REPLAY_INPUT_BYTES_MAX, type Replay, type ReplayChecksum, type ReplayStart } from "./replay.ts";

/** Why bytes are no replay. */
export type ReplayRefusal =
  /** They do not begin as one. */
  | "not-a-replay"
  /** Written by another version of the format. */
  | "version"
  /** Changed, or cut off, since they were written. */
  | "damaged"
  /** Their checksum fits, and they make no sense: written by something else. */
  | "malformed"
  /** Their inputs unfold to more than is taken. */
  | "too-large";

export type ReplayResult = { readonly ok: true; readonly replay: Replay } | { readonly ok: false; readonly reason: ReplayRefusal };

/** "RCR", for Rollcall replay, then the version of the format. */
const MAGIC: readonly number[] = [0x52, 0x43, 0x52];
const FORMAT_VERSION = 1;
const HEAD_BYTES = 8;
const PEERS_MAX = 255;
const ENTRIES_MAX = 65_536;
const FRAME_MAX = 0x7fff_ffff;

/** What is written as a payload: short, and checked when it is read. */
type Preamble = readonly [
  id: string,
  version: number,
  contentHash: string,
  frameRateHz: number,
  seed: number,
  inputBytes: number,
  players: readonly (readonly [name: string, colour: number, choices: unknown, isBot: boolean, peer: number])[],
  settings: unknown,
  result: unknown,
];

/**
 *   "RCR" │ format: u8 │ xxHash32 of the rest: u32
 *   │ preamble: varint size, payload │ start frame: varint │ if > 0: step frame: varint, state: varint size, bytes
 *   │ frames: varint │ entries: varint, then entries, a peer being a u8 │ checksums: varint, each frames since the one before: varint, u32 │ inputs: the rest
 */
export function encodeReplay(replay: Replay): Uint8Array {
  const fault = findPlainFault(replay.result ?? null);
  assert(fault === undefined, `a result that is plain data; result${fault?.path} is ${fault?.problem}`);
  const peers: PeerId[] = [];
  const preamble = encodePayload(preambleOf(replay, peers));
  const inputs = encodeInputs(replay.inputs);
  const { start, timeline, checksums } = replay;
  const sizeMax =
    64 + preamble.length + (start?.bytes.length ?? 0) + timeline.length * ENTRY_BYTES_MAX + checksums.length * 9 + inputs.length;
  const writer = new ByteWriter(new Uint8Array(sizeMax));
  for (const byte of MAGIC) writer.u8(byte);
  writer.u8(FORMAT_VERSION);
  writer.u32(0);
  writer.varint(preamble.length);
  writer.bytes(preamble);
  writeStart(writer, start);
  writer.varint(replay.inputs.frameCount);
  writer.varint(timeline.length);
  for (const entry of timeline) writeEntry(writer, entry, (peerWriter, peerId) => peerWriter.u8(placeOf(peers, peerId)));
  writer.varint(checksums.length);
  let before = 0;
  for (const { frame, checksum } of checksums) {
    writer.varint(frame - before);
    writer.u32(checksum);
    before = frame;
  }
  writer.bytes(inputs);
  const bytes = writer.written();
  const head = new ByteWriter(bytes.subarray(HEAD_BYTES - 4, HEAD_BYTES));
  head.u32(checksumBytes(bytes.subarray(HEAD_BYTES)));
  return bytes;
}

/** What is taken of a file. */
export interface DecodeReplayOptions {
  /**
   * Most bytes that its inputs unfold to: frames × players × bytes of one input. Default and most 32 MiB, 19 hours of eight players with one byte at 60 Hz. A file of a few kilobytes can ask for all of that, which
   * takes seconds: of files that strangers send, take no more than your matches have.
   */
  readonly inputBytesMax?: number | undefined;
}

/** Reads what `encodeReplay` wrote, from bytes that anybody may have sent: whatever they are, it does not throw. */
export function decodeReplay(
  file: Uint8Array | ArrayBuffer,
  { inputBytesMax = REPLAY_INPUT_BYTES_MAX }: DecodeReplayOptions = {},
): ReplayResult {
  assert(inputBytesMax > 0 && inputBytesMax <= REPLAY_INPUT_BYTES_MAX, `inputBytesMax from 1 to ${REPLAY_INPUT_BYTES_MAX}`);
  const bytes = file instanceof ArrayBuffer ? new Uint8Array(file) : file;
  assert(bytes instanceof Uint8Array, "the bytes of a replay");
  if (bytes.length < HEAD_BYTES || MAGIC.some((byte, index) => bytes[index] !== byte)) return { ok: false, reason: "not-a-replay" };
  if (bytes[MAGIC.length] !== FORMAT_VERSION) return { ok: false, reason: "version" };
  const reader = new ByteReader(bytes);
  reader.skip(HEAD_BYTES - 4);
  if (reader.u32() !== checksumBytes(bytes.subarray(HEAD_BYTES))) return { ok: false, reason: "damaged" };
  const replay = readReplay(reader, bytes, inputBytesMax);
  return typeof replay === "string" ? { ok: false, reason: replay } : { ok: true, replay };
}

function readReplay(reader: ByteReader, bytes: Uint8Array, inputBytesMax: number): Replay | ReplayRefusal {
  const payload = decodePayload(reader.view(reader.varint()));
  const preamble = payload.ok ? parsePreamble(payload.value) : undefined;
  if (preamble === undefined) return "malformed";
  const [id, version, contentHash, frameRateHz, seed, inputBytes, rawPlayers, settings, result] = preamble;
  const playerCount = rawPlayers.length;
  const start = readStart(reader);
  const frameCount = reader.varint();
  if (reader.failed || start === "malformed" || (start?.frame ?? 0) + frameCount > FRAME_MAX) return "malformed";
  const sizeBytes = frameCount * playerCount * inputBytes;
  if (sizeBytes > inputBytesMax) return "too-large";
  const timeline = readTimeline(reader, playerCount);
  const checksums = timeline === undefined ? undefined : readChecksums(reader, start?.frame ?? 0, frameCount);
  if (timeline === undefined || checksums === undefined) return "malformed";
  const inputs = { playerCount, inputBytes, frameCount, rows: new Uint8Array(sizeBytes) };
  if (!decodeInputs(bytes, reader.offset, inputs)) return "malformed";
  return {
    game: { id, version, contentHash, frameRateHz },
    setup: {
      seed,
      players: rawPlayers.map(([name, colour, choices, bot]) => ({ profile: { name, colour, choices } as Profile, bot })),
      settings: settings as Profile["choices"],
    },
    players: rawPlayers.map(([, , , , peer]) => ({ peerId: peer < 0 ? undefined : peerIdOf(peer) })),
    start,
    inputs,
    timeline,
    checksums,
    result: result ?? undefined,
  };
}

function preambleOf({ game, setup, players, inputs, result }: Replay, peers: PeerId[]): Preamble {
  const seats = setup.players.map(({ profile: { name, colour, choices }, bot }, index) => {
    const peerId = players[index]?.peerId;
    return [name, colour, choices, bot, peerId === undefined ? -1 : placeOf(peers, peerId)] as const;
  });
  const { id, version, contentHash, frameRateHz } = game;
  return [id, version, contentHash, frameRateHz, setup.seed, inputs.inputBytes, seats, setup.settings, result ?? null];
}

/** `undefined` unless every part is what it should be. */
function parsePreamble(value: unknown): Preamble | undefined {
  if (!Array.isArray(value) || value.length !== 9) return undefined;
  const [id, version, contentHash, frameRateHz, seed, inputBytes, players]: unknown[] = value;
  const isNamed = typeof id === "string" && typeof contentHash === "string" && isWhole(version, Number.MAX_SAFE_INTEGER);
  const isSized = isWhole(frameRateHz, 240) && isWhole(seed, 0xffff_ffff) && isWhole(inputBytes, INPUT_BYTES_MAX) && inputBytes > 0;
  if (!isNamed || !isSized || frameRateHz === 0) return undefined;
  if (!Array.isArray(players) || players.length < 1 || players.length > PLAYERS_MAX || !players.every(isSeat)) return undefined;
  return value as unknown as Preamble;
}

function isSeat(value: unknown): boolean {
  if (!Array.isArray(value) || value.length !== 5) return false;
  const [name, colour, , isBot, peer]: unknown[] = value;
  return (
    typeof name === "string" && typeof colour === "number" && typeof isBot === "boolean" && (peer === -1 || isWhole(peer, PEERS_MAX - 1))
  );
}

function isWhole(value: unknown, most: number): value is number {
  return typeof value === "number" && Number.isInteger(value) && value >= 0 && value <= most;
}

function writeStart(writer: ByteWriter, start: ReplayStart | undefined): void {
  writer.varint(start?.frame ?? 0);
  if (start === undefined) return;
  assert(start.frame > 0, "no state for a replay from the start of a match");
  writer.varint(start.stepFrame);
  writer.varint(start.bytes.length);
  writer.bytes(start.bytes);
}

function readStart(reader: ByteReader): ReplayStart | undefined | "malformed" {
  const frame = reader.varint();
  if (frame === 0) return undefined;
  const stepFrame = reader.varint();
  const size = reader.varint();
  if (stepFrame > frame || size > SNAPSHOT_BYTES_MAX) return "malformed";
  return { frame, stepFrame, bytes: reader.view(size).slice() };
}

function readTimeline(reader: ByteReader, playerCount: number): TimelineEntry[] | undefined {
  const count = reader.varint();
  const timeline: TimelineEntry[] = [];
  if (reader.failed || count > ENTRIES_MAX) return undefined;
  for (let index = 0; index < count; index++) {
    const entry = readEntry(reader, playerCount, (peerReader) => peerIdOf(peerReader.u8()));
    if (entry === undefined || entry.frame < (timeline.at(-1)?.frame ?? 0)) return undefined;
    timeline.push(entry);
  }
  return timeline;
}

/** Of frames that are in the replay: one of another frame would never be looked at, nor those behind it. */
function readChecksums(reader: ByteReader, firstFrame: number, frameCount: number): ReplayChecksum[] | undefined {
  const count = reader.varint();
  const checksums: ReplayChecksum[] = [];
  // Five bytes each at least.
  if (reader.failed || count > reader.remainingBytes / 5) return undefined;
  let frame = 0;
  for (let index = 0; index < count; index++) {
    frame += reader.varint();
    const checksum = reader.u32();
    if (frame < firstFrame || frame >= firstFrame + frameCount || (index > 0 && frame <= (checksums.at(-1)?.frame ?? 0))) return undefined;
    checksums.push({ frame, checksum });
  }
  return reader.failed ? undefined : checksums;
}

function placeOf(peers: PeerId[], peerId: PeerId): number {
  const known = peers.indexOf(peerId);
  if (known >= 0) return known;
  // More than 255 peers in one match are told apart no longer: it plays the same.
  return peers.length < PEERS_MAX ? peers.push(peerId) - 1 : PEERS_MAX - 1;
}

function peerIdOf(peer: number): PeerId {
  const peerId = parsePeerId(`peer-${peer}`);
  assert(peerId !== undefined, "a peer id");
  return peerId;
}
