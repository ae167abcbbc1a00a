import { expect, it, vi } from "vitest";
import { createNobleCrypto } from "../src/adapters/noble-crypto.ts";
import { createVisitCrypto, prepareVisitCrypto, takeVisitCrypto } from "../src/adapters/visit-crypto.ts";
import { describeVisitCrypto } from "./visit-crypto-contract.ts";

describeVisitCrypto("WebCrypto", () => createVisitCrypto());
describeVisitCrypto("in JavaScript", async () => createNobleCrypto());
describeVisitCrypto(
  "WebCrypto with JavaScript at the other end",
  () => createVisitCrypto(),
  async () => createNobleCrypto(),
);

it("[FA95] a key pair that was prepared serves one visit, however often one was asked for", async () => {
  const made = vi.spyOn(globalThis.crypto.subtle, "generateKey");
  await Promise.all([prepareVisitCrypto(), prepareVisitCrypto()]);
  const keys = await Promise.all([takeVisitCrypto(), takeVisitCrypto(), takeVisitCrypto()]);
  expect(new Set(keys.map(({ publicKey }) => publicKey.join())).size).toBe(3);
  expect(made).toHaveBeenCalledTimes(3);
  made.mockRestore();
});

it("[ID6] where WebCrypto or its Ed25519 is missing, JavaScript takes its place, and says so", async () => {
  const withoutEd25519 = { generateKey: () => Promise.reject(new Error("NotSupportedError")) } as unknown as SubtleCrypto;
  expect((await createVisitCrypto()).kind).toBe("webcrypto");
  expect((await createVisitCrypto(withoutEd25519)).kind).toBe("fallback");
});
