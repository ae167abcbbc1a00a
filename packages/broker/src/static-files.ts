/** The one file that knows `send`: a game's files, beside the broker. */
import { realpathSync } from "node:fs";
import { realpath, stat } from "node:fs/promises";
import type { IncomingMessage, ServerResponse } from "node:http";
import { sep } from "node:path";
import send from "send";
import { FileReaders } from "./file-readers.ts";
import { RETRY_AFTER_SECONDS } from "./refuse-upgrade.ts";

/** What the broker answers itself, today or with another setting. A file of that name would be shadowed, or would shadow it: it is never served. */
const RESERVED: ReadonlySet<string> = new Set(["lobby", "peerjs", "healthz", "readyz", "metrics", "admin"]);

/**
 * What a page may do: run scripts of this origin alone, none in the page itself; WASM (physics engines); workers, also made from a blob (the clock that
 * goes on in a hidden tab); pictures and sounds made by the game; this broker. Styles may stand in the page, for game engines write them. Data channels,
 * gamepads, full screen need no permission. It is framed by its own origin alone.
 */
const PAGE_POLICY = [
  "default-src 'none'",
  "script-src 'self' 'wasm-unsafe-eval'",
  "worker-src 'self' blob:",
  "style-src 'self' 'unsafe-inline'",
  "img-src 'self' blob: data:",
  "media-src 'self' blob: data:",
  "font-src 'self' data:",
  "connect-src 'self' blob: data:",
  "manifest-src 'self'",
  "base-uri 'none'",
  "form-action 'none'",
  "frame-ancestors 'self'",
].join("; ");

const HEADERS = {
  "content-security-policy": PAGE_POLICY,
  "cross-origin-resource-policy": "same-origin",
  "referrer-policy": "no-referrer",
  "x-content-type-options": "nosniff",
} as const;

/** A file whose name has a hash of what is in it never changes. */
const FOR_GOOD = "public, max-age=31536000, immutable";
/** Anything else is asked for again each time; unchanged, it is not sent again (`ETag`). */
const ASK_AGAIN = "no-cache";

/** Longest path, as it comes. Builds have short ones; the system takes no name above 255 bytes. */
const PATH_UNITS_MAX = 1_024;

/**
 * Whether the name says for certain that its content never changes: `index-DkS2bO1f.js` (Vite, Rollup: eight characters of base64url, here with capitals,
 * small letters and digits, which a quarter of hashes lack: they are asked for again) or at least sixteen hexadecimal digits (webpack, Parcel). A name
 * that only looks so would be kept for a year, so doubt decides for asking again.
 */
export function isHashedName(name: string): boolean {
  const hash = /[-.]([A-Za-z0-9_-]{8})\.[a-z0-9]+$/.exec(name)?.[1] ?? "";
  return (/[A-Z]/.test(hash) && /[a-z]/.test(hash) && /[0-9]/.test(hash)) || /[-.](?=[0-9a-f]*[0-9])[0-9a-f]{16,64}\.[a-z0-9]+$/.test(name);
}

/** The parts of a path; `undefined` for one that no build makes: it is answered like a missing file. */
export function pathParts(url: string): readonly string[] | undefined {
  const path = url.split("?", 1)[0] ?? "";
  if (!path.startsWith("/") || path.length > PATH_UNITS_MAX) return undefined;
  let decoded: string;
  try {
    decoded = decodeURIComponent(path.slice(1));
  } catch {
    return undefined;
  }
  // A trailing slash, which stands for the page of a folder, leaves one empty part at the end.
  const parts = decoded.split("/");
  const isOdd = (part: string, index: number): boolean =>
    part.startsWith(".") || /[\p{Cc}\\:]/u.test(part) || (part === "" && index < parts.length - 1);
  return parts.some(isOdd) || RESERVED.has((parts[0] ?? "").toLowerCase()) ? undefined : parts;
}

/** Files under a folder: no hidden ones, none that a link brings in from outside. What is put into the folder later is served too. */
export class StaticFiles {
  readonly #root: string;
  readonly #readers = new FileReaders();

  /** Throws when there is no such folder. */
  constructor(folder: string) {
    this.#root = realpathSync(folder);
  }

  /** Answers every request. `handleFailure`: an error of the file system. */
  handleRequest(request: IncomingMessage, response: ServerResponse, handleFailure: (error: unknown) => void): void {
    for (const [name, value] of Object.entries(HEADERS)) response.setHeader(name, value);
    if (request.method !== "GET" && request.method !== "HEAD") {
      response.writeHead(405, { allow: "GET, HEAD", connection: "close" }).end();
      return;
    }
    this.#answer(request, response).catch((error: unknown) => {
      handleFailure(error);
      if (response.headersSent) response.destroy();
      else end(response, 500);
    });
  }

  async #answer(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const url = request.url ?? "";
    const parts = pathParts(url);
    if (parts === undefined) return end(response, 404);
    const isFolder = parts.at(-1) === "";
    const path = await this.#find(isFolder ? [...parts.slice(0, -1), "index.html"] : parts);
    if (path === undefined) return end(response, 404);
    const found = await stat(path);
    if (found.isDirectory() && !isFolder) {
      const query = url.indexOf("?");
      response.setHeader("location", `/${parts.map(encodeURIComponent).join("/")}/${query === -1 ? "" : url.slice(query)}`);
      return end(response, 308);
    }
    // Who asked has gone: nothing would close the file.
    if (response.destroyed) return;
    // Reading a pipe would never end.
    if (!found.isFile()) return end(response, 404);
    if (!this.#readers.admit(response)) return end(response, 503, { "retry-after": String(RETRY_AFTER_SECONDS) });
    response.setHeader("cache-control", isHashedName(path) ? FOR_GOOD : ASK_AGAIN);
    await new Promise<void>((resolve, reject) => {
      response.once("close", resolve);
      send(request, path.split(sep).map(encodeURIComponent).join("/"), { dotfiles: "allow", cacheControl: false })
        .on("error", (error: { readonly status?: number; readonly headers?: Record<string, string> }) => {
          if ((error.status ?? 500) >= 500) return reject(error);
          return end(response, error.status ?? 404, error.headers);
        })
        .on("directory", () => end(response, 404))
        .pipe(response);
    });
  }

  /** Where it really is; `undefined` when it is not there, or outside. */
  async #find(parts: readonly string[]): Promise<string | undefined> {
    const path = await realpath([this.#root, ...parts].join(sep)).catch(() => undefined);
    return path === this.#root || path?.startsWith(this.#root + sep) === true ? path : undefined;
  }
}

function end(response: ServerResponse, status: number, headers: Readonly<Record<string, string>> = {}): void {
  if (status >= 400) response.setHeader("cache-control", "no-store");
  response.writeHead(status, { ...headers, "content-length": 0 }).end();
}
