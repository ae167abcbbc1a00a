import { once } from "node:events";
import { afterAll, beforeAll, expect, test } from "vitest";
import { AbuseStage, expectHonestService, expectUnharmed, stranger } from "./abuse-stage.ts";

/** What strangers try before they have a socket, against one process of the built command with the limits that it has by itself. */
let stage: AbuseStage;

beforeAll(async () => {
  stage = await AbuseStage.start();
}, 60_000);

afterAll(() => stage.broker.close());

const UPGRADE =
  "Connection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Version: 13\r\nSec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA==\r\n\r\n";

/** So many refusals are told at once, and so many wait (`refusalsPerMinute`, AB95). */
const [TOLD, HELD] = [60, 32];

test.each(["/other", "/lobby"])("[AB100] who waits to be refused at %s and resets its connection ends nothing but that", async (path) => {
  const address = stranger();
  const knock = async (): Promise<void> => {
    const socket = stage.connection(address);
    await once(socket, "connect");
    socket.write(`GET ${path} HTTP/1.1\r\nHost: x\r\nOrigin: https://evil.example\r\n${UPGRADE}`);
    const isTold = await Promise.race([
      once(socket, "data").then(() => true),
      new Promise<false>((resolve) => setTimeout(resolve, 100, false)),
    ]);
    if (!isTold) held++;
    socket.resetAndDestroy();
  };
  let held = 0;
  await Promise.all(Array.from({ length: TOLD }, knock));
  await Promise.all(Array.from({ length: HELD }, knock));
  expect(held).toBeGreaterThan(HELD / 2);
  await expectHonestService(stage);
});

test("[AB8] after all of this it is the process that was started", () => expectUnharmed(stage, ["evil", "/other"]));
