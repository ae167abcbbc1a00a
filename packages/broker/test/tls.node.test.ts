/** TLS by files, with certificates made here. */
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { once } from "node:events";
import { connect as connectPlain } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { connect, type PeerCertificate } from "node:tls";
import { generate } from "selfsigned";
import { afterAll, afterEach, beforeAll, expect, test, vi } from "vitest";
import { createBroker, type Broker, type LogEntry } from "../src/index.ts";
import { readSettings } from "../src/settings.ts";
import { LobbyClient } from "./lobby-client.ts";

interface Pair {
  readonly cert: string;
  readonly private: string;
}

const folder = mkdtempSync(join(tmpdir(), "rollcall-tls-"));
const certFile = join(folder, "cert.pem");
const keyFile = join(folder, "key.pem");
const made = (name: string): Promise<Pair> =>
  generate([{ name: "commonName", value: name }], {
    keyType: "ec",
    extensions: [{ name: "subjectAltName", altNames: [{ type: 7, ip: "127.0.0.1" }] }],
  });
let first: Pair;
let second: Pair;
let broker: Broker | undefined;

beforeAll(async () => {
  [first, second] = await Promise.all([made("first"), made("second")]);
});
afterEach(async () => {
  vi.useRealTimers();
  await broker?.close();
  broker = undefined;
});
afterAll(() => rmSync(folder, { recursive: true }));

function write({ cert, private: key }: Pair): void {
  writeFileSync(certFile, cert);
  writeFileSync(keyFile, key);
}

/** Who a new connection meets. */
async function subject(port: number, ca: string): Promise<string> {
  const socket = connect({ host: "127.0.0.1", port, ca });
  await once(socket, "secureConnect");
  const certificate: PeerCertificate = socket.getPeerCertificate();
  socket.destroy();
  return String(certificate.subject.CN);
}

test("[OP40] with a certificate and its key the broker speaks https and wss, and closes who does not", async () => {
  write(first);
  broker = await createBroker({ host: "127.0.0.1", tls: { certFile, keyFile } });
  expect(broker.address).toBe(`https://127.0.0.1:${broker.port}`);
  const client = await LobbyClient.open(`wss://127.0.0.1:${broker.port}`, { ca: first.cert });
  expect((await client.create()).lobby.code).toHaveLength(5);
  for (const noise of ["GET /healthz HTTP/1.1\r\nHost: a\r\n\r\n", "\x16\x03\x01\xff\xff" + "\0".repeat(600)]) {
    const plain = connectPlain(broker.port, "127.0.0.1");
    plain.on("error", () => undefined);
    plain.write(Buffer.from(noise, "latin1"));
    await once(plain.resume(), "close");
  }
  expect((await client.ask({ type: "set-ready", ready: true })).ok).toBe(true);
});

test("[OP41] a changed pair serves who comes from then on and drops nobody; a wrong one is told by name, and the one before goes on", async () => {
  vi.useFakeTimers({ toFake: ["setInterval", "clearInterval"] });
  write(first);
  const log: LogEntry[] = [];
  broker = await createBroker({ host: "127.0.0.1", tls: { certFile, keyFile }, log: (entry) => log.push(entry) });
  const { port } = broker;
  const client = await LobbyClient.open(`wss://127.0.0.1:${port}`, { ca: first.cert });
  await client.create();
  // Whoever renews a certificate writes one file after the other.
  writeFileSync(certFile, second.cert);
  vi.advanceTimersByTime(2_000);
  expect(await subject(port, first.cert)).toBe("first");
  writeFileSync(keyFile, second.private);
  vi.advanceTimersByTime(2_000);
  expect(await subject(port, second.cert)).toBe("second");
  expect(log).toEqual([]);
  for (const nonsense of [() => write({ ...second, private: first.private }), () => writeFileSync(certFile, ""), () => rmSync(keyFile)]) {
    nonsense();
    vi.advanceTimersByTime(10_000);
    expect(await subject(port, second.cert)).toBe("second");
  }
  expect(log).toEqual(Array.from({ length: 3 }, () => ({ event: "file-refused", file: "TLS certificate" })));
  expect((await client.ask({ type: "set-ready", ready: true })).ok).toBe(true);
  write(first);
  vi.advanceTimersByTime(2_000);
  expect(await subject(port, first.cert)).toBe("first");
});

test("[OP66] a certificate that is not valid yet, not any more, or not for long is told at the start, when it changes and twice a day", async () => {
  const days = 86_400_000;
  const at = (beginsInMs: number, endsInMs: number): Promise<Pair> =>
    generate([{ name: "commonName", value: "timed" }], {
      keyType: "ec",
      notBeforeDate: new Date(Date.now() + beginsInMs),
      notAfterDate: new Date(Date.now() + endsInMs),
    });
  const [over, early, soon, fine, short] = await Promise.all([
    at(-90 * days, -2 * days),
    at(2.1 * days, 90 * days),
    at(-80 * days, 6.1 * days),
    at(-80 * days, 8 * days),
    at(-5 * days, days),
  ]);
  vi.useFakeTimers({ toFake: ["setInterval", "clearInterval"] });
  write(over);
  const log: LogEntry[] = [];
  broker = await createBroker({ host: "127.0.0.1", tls: { certFile, keyFile }, log: (entry) => log.push(entry) });
  const told = (): LogEntry[] => log.splice(0).filter(({ event }) => event === "certificate-time");
  expect(told()).toEqual([{ event: "certificate-time", verdict: "over", hours: 48 }]);
  for (const [pair, entries] of [
    [early, [{ event: "certificate-time", verdict: "early", hours: 50 }]],
    [soon, [{ event: "certificate-time", verdict: "soon", hours: 146 }]],
    [fine, []],
    [short, []],
    [soon, [{ event: "certificate-time", verdict: "soon", hours: 146 }]],
  ] as const) {
    write(pair);
    vi.advanceTimersByTime(2_000);
    expect(told()).toEqual(entries);
  }
  vi.advanceTimersByTime(86_400_000);
  expect(told()).toHaveLength(2);
});

test("[OP42] a certificate without its key, with another's, and nonsense are refused at the start, by name", async () => {
  write(first);
  const otherKey = join(folder, "other.pem");
  writeFileSync(otherKey, second.private);
  const message = (...args: string[]): string => {
    const settings = readSettings(args, {});
    return settings.kind === "refused" ? settings.message : settings.kind;
  };
  expect(message("--tls-cert", certFile, "--tls-key", keyFile)).toBe("run");
  expect(message("--tls-cert", certFile)).toMatch(/^--tls-cert: .*--tls-key/);
  expect(message("--tls-key", keyFile)).toMatch(/^--tls-key: .*--tls-cert/);
  expect(message("--tls-cert", certFile, "--tls-key", otherKey)).toMatch(/^--tls-key: expected the key of --tls-cert/);
  expect(message("--tls-cert", keyFile, "--tls-key", keyFile)).toMatch(/^--tls-cert: /);
  expect(message("--tls-cert", certFile, "--tls-key", "/nowhere")).toMatch(/^--tls-key: /);
  await expect(createBroker({ tls: { certFile, keyFile: otherKey } })).rejects.toThrow(keyFile.slice(0, -8));
});
