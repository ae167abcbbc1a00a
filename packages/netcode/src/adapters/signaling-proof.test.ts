import { expect, it } from "vitest";
import { SignalingProof } from "./signaling-proof.ts";

function proofs(): { proof: SignalingProof; heard: unknown[]; signed: string[] } {
  const heard: unknown[] = [];
  const signed: string[] = [];
  const proof = new SignalingProof(
    async (nonce) => {
      signed.push(nonce);
      return { key: "k", signature: `of ${nonce}` };
    },
    { send: (message) => heard.push(message), welcome: () => heard.push("welcome") },
  );
  return { proof, heard, signed };
}

const challenge = (nonce: unknown): unknown => ({ type: "CHALLENGE", nonce });
const settled = (): Promise<void> => new Promise((resolve) => void setImmediate(resolve));

it("[ID25] a challenge is answered, and what comes behind the answer may leave at once; the welcome that follows is no second one", async () => {
  const { proof, heard } = proofs();
  expect(proof.handleMessage(challenge("n".repeat(32)))).toBe(true);
  await settled();
  expect(heard).toEqual([{ type: "PROOF", key: "k", signature: `of ${"n".repeat(32)}` }, "welcome"]);
  expect(proof.handleMessage({ type: "OPEN" })).toBe(true);
  expect(proof.handleMessage({ type: "OFFER" })).toBe(false);
});

it("[ID25] a broker that asks for nothing is taken as it is", () => {
  const { proof } = proofs();
  expect([{ type: "OPEN" }, { type: "OFFER" }, null, "CHALLENGE", 7].map((message) => proof.handleMessage(message))).toEqual([
    false,
    false,
    false,
    false,
    false,
  ]);
});

it("[ID26] one challenge is signed for each socket, whatever a broker asks, and nothing that is no nonce", async () => {
  const { proof, heard, signed } = proofs();
  for (const nonce of [undefined, 7, "short", "x".repeat(65), "rollcall/link/1\n aaaaaaaaaaaaa", "n".repeat(32)])
    proof.handleMessage(challenge(nonce));
  for (let count = 0; count < 10_000; count++) proof.handleMessage(challenge(`m${"n".repeat(30)}`));
  await settled();
  expect([signed.length, heard.length]).toEqual([1, 2]);
  proof.restart();
  proof.handleMessage(challenge("o".repeat(32)));
  proof.restart();
  proof.handleMessage(challenge("p".repeat(32)));
  await settled();
  // What was signed for a socket that is gone does not leave on the next one.
  expect(heard.slice(2)).toEqual([{ type: "PROOF", key: "k", signature: `of ${"p".repeat(32)}` }, "welcome"]);
});
