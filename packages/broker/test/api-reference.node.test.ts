/** The reference of the broker's API: what it says is there, and its sample runs. */
import { readFileSync } from "node:fs";
import { createBroker } from "../src/index.ts";
import { LOBBY_ERROR_CODES, LOBBY_PROTOCOL_VERSION } from "@rollcall/netcode/lobby-protocol";
import { expect, test } from "vitest";
import { hostByHand } from "./own-client.ts";

const reference = readFileSync(new URL("../../../docs/wire/broker.md", import.meta.url), "utf8");

test("[OP60] the reference of the API has every refusal, and a sample that hosts a lobby without the library", async () => {
  const told = [...reference.matchAll(/^\| `([A-Z_]+)` +\|/gm)].map(([, code]) => code);
  expect(new Set(told)).toEqual(new Set(LOBBY_ERROR_CODES));
  const sample = readFileSync(new URL("own-client.ts", import.meta.url), "utf8");
  expect(reference).toContain(`\`\`\`ts\n${sample}\`\`\``);
  expect(sample).toContain(`protocol: ${LOBBY_PROTOCOL_VERSION},`);
  const broker = await createBroker({ host: "127.0.0.1" });
  const { code, socket } = await hostByHand(broker.address);
  expect(code).toMatch(/^[A-Z]{5}$/);
  socket.terminate();
  await broker.close();
});
