import * as fc from "fast-check";
import { describe, expect, it } from "vitest";
import { identityOf, recordLocally, recorderOf, setupFor } from "../../../test/replay-world.ts";
import { tagGame } from "../../../test/tag-game.ts";
import { humanInput, testPeerId } from "../../../test/test-match.ts";
import { AssertionError } from "../base/assert.ts";
import { checksumBytes } from "../base/checksum.ts";
import { Random } from "../base/random.ts";
import { GameSimulation } from "../game/game-simulation.ts";
import { RollbackSession } from "../rollback/rollback-session.ts";
import {
  decodeReplay,
  encodeReplay,
  MatchRecorder,
  type MatchRecorderOptions,
  fromLinkText,
  ReplayPlayer,
  toLinkText,
  verifyReplay,
  type Replay,
} from "./index.ts";
import { decodeInputs, encodeInputs } from "./input-coding.ts";

const keys = humanInput(3);
const pressed = (player: number, frame: number): number[] => {
  const value = keys(player, frame);
  const packed = new Uint8Array(tagGame.inputBytes);
  tagGame.inputCodec.pack({ dx: (value % 3) - 1, dash: value > 20 }, packed, 0);
  return [...packed];
};

function record(frames = 700, bots: readonly number[] = []): ReturnType<typeof recordLocally> {
  return recordLocally(tagGame, setupFor(3, 9, null, bots), frames, pressed);
}

function decoded(bytes: Uint8Array): Replay {
  const result = decodeReplay(bytes);
  if (!result.ok) throw new Error(result.reason);
  return result.replay;
}

describe("inputs of a replay", () => {
  it("[RE1] come back as they were, whatever they are", () => {
    fc.assert(
      fc.property(
        fc.integer({ min: 1, max: 8 }),
        fc.integer({ min: 1, max: 16 }),
        fc.integer({ min: 0, max: 60 }),
        fc.integer({ min: 1, max: 40 }),
        fc.infiniteStream(fc.nat(255)),
        (playerCount, inputBytes, frameCount, held, stream) => {
          const rows = new Uint8Array(playerCount * inputBytes * frameCount);
          for (let index = 0; index < rows.length; index++) rows[index] = stream.next().value;
          const rowBytes = playerCount * inputBytes;
          for (let frame = 0; frame < frameCount; frame++)
            if (frame % held !== 0) rows.copyWithin(frame * rowBytes, (frame - 1) * rowBytes, frame * rowBytes);
          const code = encodeInputs({ playerCount, inputBytes, frameCount, rows });
          const back = { playerCount, inputBytes, frameCount, rows: new Uint8Array(rows.length) };
          expect(decodeInputs(code, 0, back)).toBe(true);
          expect(back.rows).toEqual(rows);
        },
      ),
    );
  });

  it("[RE2] any bytes are inputs or are refused: nothing throws, and no more is read than is there", () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 200 }), fc.integer({ min: 1, max: 3000 }), (bytes, frameCount) => {
        const rows = new Uint8Array(frameCount * 2);
        expect(typeof decodeInputs(bytes, 0, { playerCount: 2, inputBytes: 1, frameCount, rows })).toBe("boolean");
      }),
    );
    const noise = Uint8Array.from({ length: 64 }, (_, index) => (index * 197) & 0xff);
    expect(decodeInputs(noise, 0, { playerCount: 8, inputBytes: 16, frameCount: 100_000, rows: new Uint8Array(12_800_000) })).toBe(false);
  });
});

describe("a replay", () => {
  it("[RE3] plays again to the same checksums, from the same bytes", () => {
    const { replay, checksum } = record();
    const bytes = encodeReplay(replay);
    expect(encodeReplay(decoded(bytes))).toEqual(bytes);
    expect(verifyReplay(tagGame, bytes)).toEqual({ ok: true, frameCount: 700, checksum, checksumCount: 3, result: undefined });
  });

  it("[RE4] of one player, bots only, a couch, peers over a network, two of them at one keyboard, and a replay of each end with the same checksum", () => {
    const settings = { length: 400 };
    const verdictOf = (replay: Replay): ReturnType<typeof verifyReplay> => verifyReplay(tagGame, encodeReplay(replay));
    // Which peer holds each player; −1 is a bot.
    for (const seats of [
      [0, 1],
      [0, 0, 1, -1],
    ]) {
      const bots = seats.flatMap((peer, player) => (peer < 0 ? [player] : []));
      const setup = setupFor(seats.length, 4, settings, bots);
      const couch = recordLocally(tagGame, setup, 450, pressed);
      const ids = [testPeerId("peer-0"), testPeerId("peer-1")] as const;
      const players = seats.map((peer) => ({ peerId: ids[peer] }));
      const sessions = ids.map((localPeerId) => {
        const simulation = new GameSimulation(tagGame, setup);
        return new RollbackSession(0, { localPeerId, players, hostId: ids[0], matchEpoch: 1, simulation, inputDelayFrames: 0 });
      });
      const recorders = sessions.map((session) => recorderOf(tagGame, setup, players, session));
      const frames = [0, 0];
      for (let call = 0; call < 900; call++) {
        for (const [place, session] of sessions.entries()) {
          const local = seats.flatMap((peer, player) => (peer === place ? pressed(player, frames[place] ?? 0) : []));
          const { outcome } = session.advanceFrame(call * 16, Uint8Array.from(local), Number.POSITIVE_INFINITY);
          if (outcome === "advanced") frames[place] = (frames[place] ?? 0) + 1;
          for (let transmit = session.pollTransmit(); transmit !== undefined; transmit = session.pollTransmit())
            sessions[1 - place]?.handlePacket(call * 16, ids[place] ?? ids[0], transmit.bytes);
          while (session.pollEvent() !== undefined);
          recorders[place]?.pull();
        }
      }
      const { checksum, result } = couch;
      expect(result).toBeDefined();
      for (const recorder of recorders) expect(verdictOf(recorder.finish())).toMatchObject({ ok: true, frameCount: 400, checksum });
      expect(verdictOf(couch.replay)).toMatchObject({ ok: true, frameCount: 400, checksum, result });
    }
    for (const setup of [setupFor(1, 4, settings), setupFor(2, 4, settings, [0, 1])]) {
      const { replay, checksum, result } = recordLocally(tagGame, setup, 450, pressed);
      expect(verdictOf(replay)).toMatchObject({ ok: true, frameCount: 400, checksum, result });
      expect(result).toBeDefined();
    }
  });

  it("[RE5] names the first checksum that differs", () => {
    const { replay } = record();
    const [first, second] = replay.checksums;
    const wrong = { ...replay, checksums: [first ?? { frame: 0, checksum: 0 }, { frame: second?.frame ?? 0, checksum: 1 }] };
    expect(verifyReplay(tagGame, encodeReplay(wrong))).toMatchObject({
      ok: false,
      reason: "checksum",
      frame: 600,
      goodFrame: 300,
      expected: 1,
    });
    const rows = replay.inputs.rows.slice();
    rows[450 * 3] = (rows[450 * 3] ?? 0) ^ 1;
    expect(verifyReplay(tagGame, { ...replay, inputs: { ...replay.inputs, rows } })).toMatchObject({
      reason: "checksum",
      frame: 600,
      goodFrame: 300,
    });
    expect(verifyReplay(tagGame, { ...replay, checksums: [] })).toEqual({ ok: false, reason: "unchecked" });
  });

  it("[RE17] is read from the buffer that a page gets of a file, and what is no bytes at all is a bug of the caller", () => {
    const bytes = encodeReplay(record(100).replay);
    expect(decodeReplay(bytes.slice().buffer)).toEqual(decodeReplay(bytes));
    expect(() => decodeReplay("a file" as unknown as Uint8Array)).toThrow("the bytes of a replay");
    expect(() => new MatchRecorder({} as MatchRecorderOptions)).toThrow("match.recordable");
    const result = { winner: { name: undefined } };
    expect(() => encodeReplay({ ...record(100).replay, result })).toThrow("a result that is plain data; result.winner.name is undefined");
  });

  it("[RE6] that was changed, cut off, or is of another game is refused by name", () => {
    const bytes = encodeReplay(record(100).replay);
    const refusal = (changed: Uint8Array): unknown => verifyReplay(tagGame, changed);
    expect(refusal(new Uint8Array(0))).toEqual({ ok: false, reason: "not-a-replay" });
    expect(refusal(Uint8Array.of(...bytes.slice(0, 3), 2, ...bytes.slice(4)))).toEqual({ ok: false, reason: "version" });
    expect(refusal(bytes.slice(0, -1))).toEqual({ ok: false, reason: "damaged" });
    const replay = decoded(bytes);
    expect(verifyReplay(tagGame, { ...replay, game: { ...replay.game, id: "other" } })).toEqual({ ok: false, reason: "other-game" });
    expect(verifyReplay(tagGame, { ...replay, game: { ...replay.game, contentHash: "00000000" } })).toEqual({
      ok: false,
      reason: "other-content",
    });
    expect(() => new ReplayPlayer(tagGame, { ...replay, game: { ...replay.game, version: 2 } })).toThrow(AssertionError);
  });

  it("[RE7] of hostile bytes is a refusal, and never more memory than the limit", () => {
    const bytes = encodeReplay(record(60).replay);
    const random = new Random(1);
    const reasons = new Set<string>();
    for (let round = 0; round < 3000; round++) {
      const changed = bytes.slice(0, 8 + random.integer(bytes.length - 7));
      for (let count = random.integer(4); count >= 0; count--)
        changed[8 + random.integer(Math.max(1, changed.length - 8))] = random.integer(256);
      const result = decodeReplay(resealed(changed));
      reasons.add(result.ok ? "ok" : result.reason);
    }
    expect(reasons.has("malformed")).toBe(true);
    expect(reasons.has("damaged")).toBe(false);
  });

  it("[RE18] whose inputs unfold to more than the reader takes is refused before they do", () => {
    const { replay } = record(600);
    const sizeBytes = replay.inputs.rows.length;
    const bytes = encodeReplay(replay);
    expect(bytes.length).toBeLessThan(sizeBytes);
    expect(decodeReplay(bytes, { inputBytesMax: sizeBytes }).ok).toBe(true);
    expect(decodeReplay(bytes, { inputBytesMax: sizeBytes - 1 })).toEqual({ ok: false, reason: "too-large" });
    for (const inputBytesMax of [0, -1, Number.NaN, 2 ** 26]) expect(() => decodeReplay(bytes, { inputBytesMax })).toThrow("inputBytesMax");
  });

  it("[RE8] that begins late, or missed something, begins with a state", () => {
    const localPeerId = testPeerId("local");
    const setup = setupFor(2);
    const players = setup.players.map(() => ({ peerId: localPeerId }));
    const session = new RollbackSession(0, {
      localPeerId,
      players,
      hostId: localPeerId,
      matchEpoch: 1,
      simulation: new GameSimulation(tagGame, setup),
    });
    const recorder = recorderOf(tagGame, setup, players, session);
    for (let frame = 0; frame < 900; frame++) {
      session.advanceFrame(frame * 16, Uint8Array.from([...pressed(0, frame), ...pressed(1, frame)]), Number.POSITIVE_INFINITY);
      if (frame < 100 || frame >= 500) recorder.pull();
    }
    const replay = recorder.finish();
    expect(replay.start?.frame).toBeGreaterThan(200);
    expect(verifyReplay(tagGame, encodeReplay(replay))).toMatchObject({ ok: true, checksum: session.checksum(899) });
    // A checksum of a frame before that state is never looked at, and hides those behind it.
    const blind = { ...replay, checksums: [{ frame: 0, checksum: 1 }, ...replay.checksums.map(({ frame }) => ({ frame, checksum: 1 }))] };
    expect(verifyReplay(tagGame, encodeReplay(blind))).toEqual({ ok: false, reason: "malformed" });
    expect(verifyReplay(tagGame, blind)).toEqual({ ok: false, reason: "unchecked" });
  });

  it("[RE9] plays forwards, backwards, slowly, and from any frame", () => {
    const { replay } = record(400, [2]);
    const player = new ReplayPlayer(tagGame, replay);
    const checksums: number[] = [];
    const events: string[] = [];
    player.onEvent = (name) => events.push(name);
    do checksums.push(player.checksum());
    while (player.next());
    expect(checksums).toHaveLength(401);
    expect(events.length).toBeGreaterThan(5);
    const told = events.length;
    for (const frame of [0, 399, 17, 60, 61, 400, 123, -5, 1000]) {
      player.seek(frame);
      expect(player.checksum()).toBe(checksums[Math.min(400, Math.max(0, frame))]);
    }
    expect(player.previous()).toBe(true);
    expect(player.checksum()).toBe(checksums[399]);
    expect(events).toHaveLength(told);
    player.seek(100);
    player.speed = 0.25;
    for (let picture = 0; picture < 60; picture++) player.advance(1000 / 60);
    expect(player.frame).toBe(115);
    player.speed = -2;
    player.advance(100.1);
    expect(player.frame).toBe(103);
    expect(player.checksum()).toBe(checksums[103]);
  });

  it("[RE10] goes into a link and comes out of it", () => {
    fc.assert(
      fc.property(fc.uint8Array(), (bytes) => {
        const text = toLinkText(bytes);
        expect(text).toMatch(/^[\w-]*$/);
        expect(fromLinkText(text)).toEqual(bytes);
      }),
    );
    for (const text of ["a", "ab=", "a b", "AB"]) expect(fromLinkText(text)).toBeUndefined();
  });

  it("[RE11] keeps no peer's id", () => {
    const bytes = encodeReplay(record(30).replay);
    expect(String.fromCharCode(...bytes)).not.toContain("local");
    expect(decoded(bytes).game).toEqual(identityOf(tagGame));
  });
});

/** Gives changed bytes a checksum that fits, so that what comes after it is tested. */
function resealed(bytes: Uint8Array): Uint8Array {
  const { ok } = decodeReplay(bytes);
  return ok ? bytes : withChecksum(bytes);
}

function withChecksum(bytes: Uint8Array): Uint8Array {
  new DataView(bytes.buffer, bytes.byteOffset).setUint32(4, checksumBytes(bytes.subarray(8)), true);
  return bytes;
}
