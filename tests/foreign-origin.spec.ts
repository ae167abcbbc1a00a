/** A game in frames of a portal, with a broker at a third origin. */
import { createBroker } from "@rollcall/broker";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { expect, test, type Page } from "playwright/test";
import { build, preview, type PreviewServer } from "vite";
import { freePort } from "../scripts/free-port.ts";

const FRAMES = fileURLToPath(new URL("./frames", import.meta.url));
const outDir = mkdtempSync(join(tmpdir(), "rollcall-frames-"));
let game: PreviewServer;
let gameOrigin: string;

test.beforeAll(async () => {
  await build({
    root: FRAMES,
    base: "./",
    configFile: false,
    logLevel: "error",
    resolve: { conditions: ["@rollcall/source", "module", "browser", "import", "default"] },
    build: { outDir, emptyOutDir: true, target: "es2022" },
  });
  const port = await freePort({ name: "the game's port", wanted: 16_273, fixed: false, host: "127.0.0.1" });
  gameOrigin = `http://localhost:${port}`;
  game = await preview({
    root: FRAMES,
    configFile: false,
    logLevel: "silent",
    build: { outDir },
    // A frame without an origin fetches its modules as a stranger.
    preview: { port, strictPort: true, cors: { origin: "*" } },
  });
});

test.afterAll(async () => {
  await game.close();
  rmSync(outDir, { recursive: true, force: true });
});

/** The portal: an empty page of another host, in which the test puts its frames. */
async function openPortal(page: Page, contentSecurityPolicy: string): Promise<() => void> {
  const server = createServer((_request, response) => {
    response.writeHead(200, { "content-type": "text/html", "content-security-policy": contentSecurityPolicy });
    response.end("<!doctype html><title>portal</title>");
  }).listen(0, "127.0.0.1");
  await new Promise((resolve) => server.once("listening", resolve));
  await page.goto(`http://127.0.0.1:${(server.address() as AddressInfo).port}/`);
  return () => server.close();
}

type News = Readonly<Record<string, unknown>>;

/** Adds a frame; resolves with the first news of it that has this field. */
function addFrame(page: Page, options: { readonly url: string; readonly sandbox?: string; readonly field: string }): Promise<News> {
  return page.evaluate(
    ({ url, sandbox, field }) =>
      new Promise<News>((resolve) => {
        const frame = document.createElement("iframe");
        if (sandbox !== undefined) frame.setAttribute("sandbox", sandbox);
        frame.src = url;
        addEventListener("message", ({ source, data }: MessageEvent<News>) => {
          if (source !== frame.contentWindow) return;
          const all = (((frame as { news?: News[] }).news ??= []), (frame as { news?: News[] }).news ?? []);
          all.push(data);
          if (field in data || "error" in data) resolve(data);
        });
        document.body.append(frame);
      }),
    options,
  );
}

/** The news of the frame at `index` that has this field. */
async function newsOf(page: Page, index: number, field: string): Promise<News> {
  const handle = await page.waitForFunction(
    (wanted) => {
      const frame = document.querySelectorAll("iframe")[wanted.index] as { news?: News[] } | undefined;
      return frame?.news?.find((news) => wanted.field in news || "error" in news) ?? false;
    },
    { index, field },
  );
  const news = await handle.jsonValue();
  if (news === false) throw new Error("no news");
  return news;
}

test("[EE40] a game in a portal's frame, and one in a sandboxed frame without an origin, meet over a broker elsewhere and play", async ({
  page,
}) => {
  const broker = await createBroker({ host: "127.0.0.1", origins: [gameOrigin, "null"] });
  const close = await openPortal(page, `frame-src ${gameOrigin}`);
  const at = (query: Readonly<Record<string, string>>): string =>
    `${gameOrigin}/?${new URLSearchParams({ broker: broker.address, ...query }).toString()}`;
  try {
    const hosted = await addFrame(page, { url: at({}), field: "code" });
    expect(hosted).toMatchObject({ origin: gameOrigin, code: expect.stringMatching(/^[A-Z]{5}$/) });
    const joined = await addFrame(page, { url: at({ code: String(hosted["code"]) }), sandbox: "allow-scripts", field: "code" });
    expect(joined).toMatchObject({ origin: "null", code: hosted["code"] });
    const [left, right] = [await newsOf(page, 0, "checksum"), await newsOf(page, 1, "checksum")];
    expect(left["error"] ?? right["error"]).toBeUndefined();
    expect(left["checksum"]).toEqual(expect.any(Number));
    expect(right["checksum"]).toBe(left["checksum"]);
  } finally {
    close();
    await page.close();
    await broker.close();
  }
});

test("[EE41] a frame without an origin is refused where the list does not have `null`, with a code that the game can show", async ({
  page,
}) => {
  const broker = await createBroker({ host: "127.0.0.1", origins: [gameOrigin] });
  const close = await openPortal(page, `frame-src ${gameOrigin}`);
  const url = `${gameOrigin}/?${new URLSearchParams({ broker: broker.address }).toString()}`;
  try {
    expect(await addFrame(page, { url, field: "code" })).toMatchObject({ origin: gameOrigin, code: expect.any(String) });
    expect(await addFrame(page, { url, sandbox: "allow-scripts", field: "code" })).toMatchObject({
      origin: "null",
      error: "BROKER_UNREACHABLE",
    });
  } finally {
    close();
    await page.close();
    await broker.close();
  }
});

test("[EE42] two pages in a relay-only lobby whose TURN server is dead play over the sockets of a broker that carries packets", async ({
  page,
}) => {
  const turn = { urls: ["turn:127.0.0.1:9?transport=udp"], secret: "a secret of nobody's server" };
  const broker = await createBroker({ host: "127.0.0.1", origins: [gameOrigin], relayFrames: true, turn });
  const close = await openPortal(page, `frame-src ${gameOrigin}`);
  const at = (query: Readonly<Record<string, string>>): string =>
    `${gameOrigin}/?${new URLSearchParams({ broker: broker.address, ...query }).toString()}`;
  try {
    const hosted = await addFrame(page, { url: at({ "relay-only": "" }), field: "code" });
    await addFrame(page, { url: at({ code: String(hosted["code"]) }), field: "code" });
    const [left, right] = [await newsOf(page, 0, "checksum"), await newsOf(page, 1, "checksum")];
    expect([left["path"], right["path"]]).toEqual(["broker", "broker"]);
    expect(right["checksum"]).toBe(left["checksum"]);
  } finally {
    close();
    await page.close();
    await broker.close();
  }
});
