import { createPrivateKey, X509Certificate } from "node:crypto";
import { createSecureContext } from "node:tls";
import { readFileSync } from "node:fs";
import { assert } from "@rollcall/netcode/lobby-protocol";
import { followFile, type FollowedFile } from "./followed-file.ts";

/** A certificate with its chain, and its key, as PEM. */
export interface TlsPair {
  readonly cert: string;
  readonly key: string;
}

export interface TlsFiles {
  readonly certFile: string;
  readonly keyFile: string;
}

/** Whether the text has a certificate that TLS can use. */
export function isCertificate(text: string): boolean {
  return doesNotThrow(() => new X509Certificate(text));
}

/** Whether the text is a private key without a password. */
export function isPrivateKey(text: string): boolean {
  return doesNotThrow(() => createPrivateKey(text));
}

/** `undefined` for what is no pair: one of them makes no sense, or the key is another certificate's. */
function parseTlsPair(cert: string, key: string): TlsPair | undefined {
  const isPair = doesNotThrow(() => {
    // An empty text would count as none.
    assert(new X509Certificate(cert).checkPrivateKey(createPrivateKey(key)), "a certificate and its key");
    createSecureContext({ cert, key });
  });
  return isPair ? { cert, key } : undefined;
}

/** Why two files, each of which was read, are no pair: `other`, the key is another certificate's; else a word of OpenSSL. `undefined`: they are one. */
export function tlsPairTrouble({ certFile, keyFile }: TlsFiles): string | undefined {
  try {
    const [cert, key] = [readFileSync(certFile, "utf8"), readFileSync(keyFile, "utf8")];
    if (!new X509Certificate(cert).checkPrivateKey(createPrivateKey(key))) return "other";
    createSecureContext({ cert, key });
    return undefined;
  } catch (error) {
    return error instanceof Error && "code" in error ? String(error.code) : "unreadable";
  }
}

/** The pair in two files, read again when they change; a wrong one changes nothing. Throws when it is wrong from the start. */
export function openTlsFiles(
  { certFile, keyFile }: TlsFiles,
  handlers: { readonly handleUnreadable: () => void; readonly handleChange: (pair: TlsPair) => void },
): FollowedFile<TlsPair> {
  return followFile({ paths: [certFile, keyFile], parse: (cert = "", key = "") => parseTlsPair(cert, key), ...handlers });
}

/** Certificates of 90 days are replaced a month before their end; at half, a weekend passes before somebody looks. */
const ENDS_SOON_MS = 7 * 24 * 3_600_000;
const HOUR_MS = 3_600_000;

/** When a certificate is of no use, or soon: `hours` until it begins, until it ends, since it ended. */
export interface CertificateTime {
  readonly verdict: "early" | "soon" | "over";
  readonly hours: number;
}

/** `undefined`: browsers take it, and will for a week; of one that lives for days, for a tenth of its life. */
export function certificateTime(cert: string, wallMs: number): CertificateTime | undefined {
  const { validFrom, validTo } = new X509Certificate(cert);
  const [fromMs, toMs] = [Date.parse(validFrom), Date.parse(validTo)];
  const hoursOf = (ms: number): number => Math.floor(ms / HOUR_MS);
  if (wallMs < fromMs) return { verdict: "early", hours: hoursOf(fromMs - wallMs) };
  if (wallMs > toMs) return { verdict: "over", hours: hoursOf(wallMs - toMs) };
  return toMs - wallMs < Math.min(ENDS_SOON_MS, (toMs - fromMs) / 10) ? { verdict: "soon", hours: hoursOf(toMs - wallMs) } : undefined;
}

function doesNotThrow(act: () => void): boolean {
  try {
    act();
    return true;
  } catch {
    return false;
  }
}
