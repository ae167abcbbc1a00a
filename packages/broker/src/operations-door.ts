import type { IncomingMessage, ServerResponse } from "node:http";
import { LOBBY_PROTOCOL_VERSION } from "@rollcall/netcode/lobby-protocol";
import { showsToken } from "./access-token.ts";
import type { BrokerSettings } from "./broker-options.ts";
import type { Counters } from "./counters.ts";
import { RETRY_AFTER_SECONDS } from "./refuse-upgrade.ts";

/** Whether new members are taken. `store`: lobbies cannot be read or written now. `keys`: most other nodes have other signing keys. */
export type Readiness = "ready" | "draining" | "store" | "keys";

/** Nobody new is taken, and a proxy should send nobody here, though the process lives. With `store` members should hear from a node that there is none. */
export function isClosed(readiness: Readiness): boolean {
  return readiness === "draining" || readiness === "keys";
}

const KEYS_REMEDY =
  "Other nodes on this Redis have other signing keys. Give all the same --signing-key-file, or this one its own --redis-prefix.";

export interface OperationsDoorOptions {
  /** What `/healthz` tells. */
  readonly health: () => Readonly<Record<string, unknown>>;
  readonly readiness: () => Readiness;
  /** `undefined`: there are none. */
  readonly metrics: { readonly contentType: string; text(): Promise<string> } | undefined;
  /** A page for people, always behind the token; `undefined`: there is none. */
  readonly admin: { readonly policy: string; page(): Promise<string> } | undefined;
  /** `adminToken` opens what is not for everybody; without one nobody gets in. `codeLength` is every page's to know before it has a socket. */
  readonly settings: Pick<BrokerSettings, "adminToken" | "codeLength">;
  readonly counters: Counters;
  readonly handleFailure: (error: unknown) => void;
}

interface Answer {
  readonly status: number;
  readonly type?: string;
  readonly body?: string;
  readonly headers?: Readonly<Record<string, string>>;
}

/** None of it is for a page to read, for a cache or a frame. */
const HEADERS = {
  "cache-control": "no-store",
  "content-security-policy": "default-src 'none'; frame-ancestors 'none'",
  "cross-origin-resource-policy": "same-origin",
  "referrer-policy": "no-referrer",
  "x-content-type-options": "nosniff",
} as const;

/** A page of any origin may find out that there is an answer, though not read it: the check of connections does. */
const FOR_EVERY_PAGE = { "cross-origin-resource-policy": "cross-origin" } as const;

/** A page of any origin may read it: it has no secret, and does not depend on who asks. */
const TO_EVERY_PAGE = { ...FOR_EVERY_PAGE, "access-control-allow-origin": "*" } as const;

/** What operators and their machines ask over HTTP: is it alive, may it get members, how is it; and what a page asks before it has a socket. */
export class OperationsDoor {
  readonly #options: OperationsDoorOptions;

  constructor(options: OperationsDoorOptions) {
    this.#options = options;
  }

  /** Whether the request is for it. `isPrivate`: it came by the port for metrics, which needs no token. */
  answers(request: IncomingMessage, isPrivate: boolean): boolean {
    const { admin, metrics } = this.#options;
    const { adminToken: token } = this.#options.settings;
    switch (pathOf(request)) {
      case "/healthz":
      case "/readyz":
        return true;
      case "/lobby":
        return !isPrivate;
      case "/metrics":
        return metrics !== undefined && (isPrivate || token !== undefined);
      case "/admin":
        return admin !== undefined && token !== undefined;
      default:
        return false;
    }
  }

  /** False: not one of its paths, nothing was written. */
  handleRequest(request: IncomingMessage, response: ServerResponse, isPrivate: boolean): boolean {
    const { handleFailure } = this.#options;
    if (!this.answers(request, isPrivate)) return false;
    const path = pathOf(request);
    this.#answer(request, path, isPrivate).then(
      (answer) => send(request, response, answer),
      (error: unknown) => {
        handleFailure(error);
        send(request, response, { status: 500 });
      },
    );
    return true;
  }

  async #answer(request: IncomingMessage, path: string, isPrivate: boolean): Promise<Answer> {
    const { health, admin, metrics, settings, counters } = this.#options;
    const { adminToken: token, codeLength } = settings;
    if (request.method !== "GET" && request.method !== "HEAD") return { status: 405, headers: { allow: "GET, HEAD", connection: "close" } };
    if (path === "/lobby") return { ...json(200, { protocol: LOBBY_PROTOCOL_VERSION, codeLength }), headers: TO_EVERY_PAGE };
    if (path === "/healthz") return { ...json(200, health()), headers: FOR_EVERY_PAGE };
    if (path === "/readyz") return this.#readyz();
    // The port for metrics is for machines: what names people needs the token there too.
    if ((!isPrivate || path === "/admin") && (token === undefined || !showsToken(request, token))) {
      counters.add("operations:token");
      return { status: 401, headers: { "www-authenticate": 'Basic realm="rollcall-broker", charset="UTF-8"', connection: "close" } };
    }
    if (path === "/admin" && admin !== undefined) {
      const headers = { "content-security-policy": admin.policy };
      return { status: 200, type: "text/html; charset=utf-8", body: await admin.page(), headers };
    }
    return { status: 200, type: metrics?.contentType ?? "", body: (await metrics?.text()) ?? "" };
  }

  #readyz(): Answer {
    const status = this.#options.readiness();
    if (status === "ready") return json(200, { status });
    return {
      ...json(503, status === "keys" ? { status, remedy: KEYS_REMEDY } : { status }),
      headers: { "retry-after": String(RETRY_AFTER_SECONDS) },
    };
  }
}

/** Without what is asked of it. */
export function pathOf(request: IncomingMessage): string {
  const { url = "" } = request;
  const end = url.indexOf("?");
  return end < 0 ? url : url.slice(0, end);
}

function json(status: number, value: unknown): Answer {
  return { status, type: "application/json", body: JSON.stringify(value) };
}

function send(request: IncomingMessage, response: ServerResponse, { status, type, body = "", headers = {} }: Answer): void {
  const described = type === undefined ? {} : { "content-type": type };
  response.writeHead(status, { ...HEADERS, ...described, ...headers, "content-length": Buffer.byteLength(body) });
  response.end(request.method === "HEAD" ? undefined : body);
}
