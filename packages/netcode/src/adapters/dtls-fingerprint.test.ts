import * as fc from "fast-check";
import { expect, it } from "vitest";
import { certificatesIn, fingerprintOf } from "./dtls-fingerprint.ts";

const bytes = Uint8Array.from({ length: 32 }, (_, index) => index * 8);
const text = Array.from(bytes, (byte) => byte.toString(16).padStart(2, "0").toUpperCase()).join(":");
const other = text.replace("08", "09");
const sdp = (...lines: string[]): string => ["v=0", "o=- 1 1 IN IP4 0.0.0.0", ...lines, "a=mid:0", ""].join("\r\n");

it("[ID56] the certificate of a description is read, in whichever case, once for all or once for each medium", () => {
  expect(fingerprintOf(sdp(`a=fingerprint:sha-256 ${text}`))).toEqual(bytes);
  expect(fingerprintOf(sdp(`a=fingerprint:SHA-256 ${text.toLowerCase()}`))).toEqual(bytes);
  expect(fingerprintOf(sdp(`a=fingerprint:sha-256 ${text}`, "m=application", `a=fingerprint:sha-256 ${text}`))).toEqual(bytes);
});

it("[ID56] a description that allows two certificates, another hash, or none has none", () => {
  for (const lines of [
    [],
    [`a=fingerprint:sha-256 ${text}`, `a=fingerprint:sha-256 ${other}`],
    [`a=fingerprint:sha-256 ${text}`, `a=fingerprint:sha-512 ${text}:${text}`],
    [`a=fingerprint:sha-256 ${text}`, `  a=fingerprint: sha-256 ${other}`.trim()],
    [`a=fingerprint:sha-1 ${text}`],
    [`a=fingerprint:sha-256 ${text}:00`],
    [`a=fingerprint:sha-256 ${text.slice(3)}`],
    [`a=fingerprint:sha-256 ${text.replaceAll(":", "")}`],
  ]) {
    expect(fingerprintOf(sdp(...lines))).toBeUndefined();
  }
  expect(fingerprintOf(undefined)).toBeUndefined();
  fc.assert(fc.property(fc.string(), (line) => fingerprintOf(line) === undefined));
});

it("[TR53] no certificate of a description goes unseen, however it is written: a second one in the same description is another description", () => {
  const known = certificatesIn(sdp(`a=fingerprint:sha-256 ${text}`));
  expect([...known]).toEqual([`sha-256 ${text.toLowerCase()}`]);
  expect(certificatesIn(sdp(`a=fingerprint:SHA-256 ${text.toLowerCase()} `))).toEqual(known);
  for (const line of [
    `a=fingerprint:sha-256  ${other}`,
    `a=fingerprint:\tsha-256\t${other}`,
    `a=fingerprint: sha-256 ${other}`,
    `a=FINGERPRINT:sha-256 ${other}`,
    `A=fingerprint:sha-256 ${other}`,
    ` a = fingerprint : sha-256 ${other}`,
    `a=fingerprint:sha-256 ${other} more`,
    `a=fingerprint:md5 ${other}`,
  ]) {
    const description = sdp(`a=fingerprint:sha-256 ${text}`, "m=application 9 UDP/DTLS/SCTP webrtc-datachannel", line);
    expect(certificatesIn(description).size).toBe(2);
    expect(fingerprintOf(description)).toBeUndefined();
  }
});
