import * as fc from "fast-check";
import { expect, it } from "vitest";
import type { PeerId } from "../base/units.ts";
import { encodeLinkTranscript, type LinkTranscript } from "./link-transcript.ts";

const ADA = { peerId: "ada" as PeerId, instance: 0x01020304 };
const BOB = { peerId: "bob" as PeerId, instance: 0x05060708 };
const GAME = { id: "tag", version: 3, contentHash: "0badcafe" };
const FINGERPRINTS = { local: new Uint8Array(32).fill(0xaa), remote: new Uint8Array(32).fill(0xbb) };
const DIRECT: LinkTranscript = { linkVersion: 2, lobby: "KXRTM", game: GAME, signer: ADA, other: BOB, fingerprints: FINGERPRINTS };

const hex = (transcript: LinkTranscript): string => Buffer.from(encodeLinkTranscript(transcript)).toString("hex");
const ascii = (text: string): string => Buffer.from(text).toString("hex");
const texts = `05${ascii("KXRTM")}03${ascii("ada")}03${ascii("bob")}03${ascii("tag")}`;

it("[ID12] the transcript has both certificates, both ids, the lobby and the game in it", () => {
  const domain = ascii("rollcall/link/1");
  const game = "03000000fecaad0b";
  expect(hex(DIRECT)).toBe([domain, "0002", "0403020100000000", "aa".repeat(32), "bb".repeat(32), game, texts].join(""));
  expect(hex({ ...DIRECT, fingerprints: undefined })).toBe([domain, "0102", "0403020108070605", "00".repeat(64), game, texts].join(""));
});

it("[ID12] whatever differs makes another transcript, and so does the other end's view", () => {
  const others: LinkTranscript[] = [
    { ...DIRECT, linkVersion: 3 },
    { ...DIRECT, lobby: "KXRTN" },
    { ...DIRECT, game: { ...GAME, version: 4 } },
    { ...DIRECT, game: { ...GAME, contentHash: "0badcaff" } },
    { ...DIRECT, game: { ...GAME, id: "tug" } },
    { ...DIRECT, signer: { ...ADA, instance: 1 } },
    { ...DIRECT, signer: { ...ADA, peerId: "eve" as PeerId } },
    { ...DIRECT, other: { ...BOB, peerId: "eve" as PeerId } },
    { ...DIRECT, fingerprints: { ...FINGERPRINTS, remote: new Uint8Array(32).fill(0xbc) } },
    { ...DIRECT, fingerprints: { ...FINGERPRINTS, local: new Uint8Array(32).fill(0xbc) } },
    { ...DIRECT, fingerprints: undefined },
    { ...DIRECT, fingerprints: undefined, other: { ...BOB, instance: 1 } },
    { ...DIRECT, signer: BOB, other: ADA, fingerprints: { local: FINGERPRINTS.remote, remote: FINGERPRINTS.local } },
  ];
  expect(new Set([DIRECT, ...others].map(hex)).size).toBe(others.length + 1);
});

it("[ID12] texts cannot run into each other", () => {
  const text = fc.stringMatching(/^[a-z]{0,4}$/);
  fc.assert(
    fc.property(fc.array(text, { minLength: 4, maxLength: 4 }), fc.array(text, { minLength: 4, maxLength: 4 }), (left, right) => {
      const of = ([lobby = "", signer = "", other = "", id = ""]: string[]): string =>
        hex({
          ...DIRECT,
          lobby,
          signer: { ...ADA, peerId: signer as PeerId },
          other: { ...BOB, peerId: other as PeerId },
          game: { ...GAME, id },
        });
      expect(of(left) === of(right)).toBe(left.join(",") === right.join(","));
    }),
  );
});
