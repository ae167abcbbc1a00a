/** What hosts have in front of a broker and beside it, as the guide and `deploy/` have it. */
import { spawn, type ChildProcess } from "node:child_process";
import { once } from "node:events";
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { connect } from "node:tls";
import { fileURLToPath } from "node:url";
import { generate } from "selfsigned";
import { afterAll, afterEach, expect, test } from "vitest";
import { ensureProgram } from "../../../scripts/install-program.ts";
import { createBroker, type Broker } from "../src/index.ts";
import { freePort } from "./free-port.ts";
import { LobbyClient } from "./lobby-client.ts";
import { NginxServer } from "./nginx-server.ts";
import { SignalingClient } from "./signaling-client.ts";

let broker: Broker | undefined;
let nginx: NginxServer | undefined;
let turn: ChildProcess | undefined;
const folder = mkdtempSync(join(tmpdir(), "rollcall-proxies-"));

afterEach(async () => {
  turn?.kill("SIGTERM");
  await nginx?.dispose();
  await broker?.close();
  turn = nginx = broker = undefined;
});
afterAll(() => rmSync(folder, { recursive: true }));

test("[BR119] nginx with the settings of the guide passes on whom the broker serves, and whom it refuses, by their own addresses", async () => {
  broker = await createBroker({ trustedProxyHops: 1, limits: { opensPerMinute: 1_000, socketsPerAddress: 250 } });
  nginx = await NginxServer.start(broker.port);
  const [{ port }, home] = [nginx, { localAddress: "127.0.4.1" }];
  const host = await LobbyClient.open(port, home);
  const seat = await host.create();
  const signaling = await SignalingClient.openFrom(home, port, seat.peerId, seat.signalingToken);
  // More than a worker of nginx passes on by itself; whatever they claim, they are of their addresses.
  const crowd = await Promise.all(
    Array.from({ length: 500 }, (_, index) =>
      LobbyClient.open(port, { localAddress: `127.0.4.${2 + (index & 1)}`, headers: { "x-forwarded-for": `192.0.2.${index & 255}` } }),
    ),
  );
  await expect(LobbyClient.open(port, { localAddress: "127.0.4.2", headers: { "x-forwarded-for": "192.0.2.9" } })).rejects.toThrow("429");
  await expect(LobbyClient.open(port, { ...home, origin: "https://evil.example" })).rejects.toThrow("403");
  const health = async (): Promise<unknown> => (await fetch(`http://127.0.0.1:${port}/healthz`)).json();
  expect(await health()).toMatchObject({ sockets: 502, refusals: { "socket:address": 1, "socket:origin": 1 } });
  expect((await fetch(`http://127.0.0.1:${port}/metrics`)).status).toBe(404);
  expect((await host.ask({ type: "set-ready", ready: true })).ok).toBe(true);
  for (const { socket } of [...crowd, host, signaling]) socket.terminate();
  await expect.poll(health).toMatchObject({ sockets: 0 });
  // Of a request nginx writes when it is over.
  expect(nginx.logs).toContain("/metrics");
  expect(nginx.logs).not.toContain(seat.signalingToken);
});

/** A certificate where Caddy puts those of one authority. */
async function certify(authority: string, name: string): Promise<void> {
  const pair = await generate([{ name: "commonName", value: name }], { keyType: "ec" });
  const place = join(folder, "caddy", "certificates", authority, "turn.example");
  mkdirSync(place, { recursive: true });
  writeFileSync(join(place, "turn.example.key"), pair.private);
  writeFileSync(join(place, "turn.example.crt"), pair.cert);
}

/** Whose certificate is served there; `undefined`: nobody's. */
async function servedName(port: number): Promise<string | undefined> {
  const socket = connect({ port, host: "127.0.0.1", rejectUnauthorized: false });
  try {
    await once(socket, "secureConnect");
    return String(socket.getPeerCertificate().subject.CN);
  } catch {
    return undefined;
  } finally {
    socket.destroy();
  }
}

test("[BR116] the TURN server of deploy/ starts once it has a certificate, serves each new one, and ends when it is told to", async () => {
  ensureProgram({ names: ["turnserver"], setting: "TURNSERVER_PATH", debianPackage: "coturn" });
  const [script, config] = ["turn.sh", "turnserver.conf"].map((name) => fileURLToPath(new URL(`../../../deploy/${name}`, import.meta.url)));
  const [plain, port] = [await freePort(), await freePort()];
  const args = [`--realm=turn.example`, "--static-auth-secret=of-this-test-0123456789", "--listening-ip=127.0.0.1", "--relay-ip=127.0.0.1"];
  const ports = [`--listening-port=${plain}`, `--tls-listening-port=${port}`, `--pidfile=${folder}/turn.pid`];
  turn = spawn("sh", [script ?? "", "-c", config ?? "", ...args, ...ports], {
    env: { ...process.env, TURN_HOST: "turn.example", CERTIFICATES: folder, LOOK_SECONDS: "0.1" },
    stdio: ["ignore", "pipe", "ignore"],
  });
  const [said] = (await once(turn.stdout ?? turn, "data")) as [Buffer];
  expect(String(said)).toContain("Waiting for the certificate of turn.example");
  turn.stdout?.resume();
  await certify("acme-v02.api.letsencrypt.org-directory", "first");
  await expect.poll(() => servedName(port), { timeout: 20_000 }).toBe("first");
  await certify("acme-v02.api.letsencrypt.org-directory", "renewed");
  await expect.poll(() => servedName(port), { timeout: 20_000 }).toBe("renewed");
  await certify("acme.zerossl.com-v2-dv90", "another authority's");
  await expect.poll(() => servedName(port), { timeout: 20_000 }).toBe("another authority's");
  turn.kill("SIGTERM");
  expect(await once(turn, "exit")).toEqual([0, null]);
  expect(await servedName(port)).toBeUndefined();
});
