import type { Farewell } from "../core/ports/departure.ts";

/** The page that the library runs in: the one file that knows the DOM. In Node, and in a worker, what is not there does nothing. */
export interface Page {
  /** `http:` or `https:` address of the page's server; `undefined` where there is none. */
  readonly origin: string | undefined;
  /** Calls `listener` when the page goes away for good or into the cache of the back button, and how. Returns the way to stop it. */
  onPageHide(listener: (departure: PageDeparture) => void): () => void;
  /** Calls `listener` when the page comes back out of that cache. Its connections are gone. Returns the way to stop it. */
  onPageRestore(listener: () => void): () => void;
  /** Calls `listener` when the network may be another one: the browser says so, or the page was shown again, since it may have slept. Returns the way to stop it. */
  onNetworkChange(listener: () => void): () => void;
  /** Calls `draw` for every picture that the screen shows, as long as the page is visible. Returns the way to stop it. */
  onAnimationFrame(draw: () => void): () => void;
  /** An error in the game's own code: shown as uncaught, while the caller goes on. */
  reportError(error: unknown): void;
  /** 32 random bits that nobody can guess. */
  randomSeed(): number;
  /** 128 random bits that nobody can guess: 32 hex digits. */
  randomToken(): string;
  /** Storage that all pages of the origin share, and that outlives them. As `sessionStorage` in all else. */
  readonly localStorage: Pick<Storage, "getItem" | "setItem"> | undefined;
  /** Storage that outlives a reload and ends with the tab. `undefined` where there is none; the mere mention throws where the browser forbids it. */
  readonly sessionStorage: Pick<Storage, "getItem" | "setItem" | "removeItem"> | undefined;
  /** True when another page of this browser claims `name`: the tab was duplicated, and its storage with it. */
  isClaimed(name: string): Promise<boolean>;
  /** Answers other pages' `isClaimed(name)`. Returns the way to stop it. */
  claim(name: string): () => void;
}

/** `closed` also where the browser does not say that the page goes elsewhere. */
export type PageDeparture = Exclude<Farewell, "left">;

/**
 * Time for another page to answer. A message between pages takes under a millisecond; a busy page some ten. In steps, each of them begun anew: a page that was opened by
 * another one shares its thread, and the loading of the new one is time in which no message of either moves (measured: one timer of 60 ms always came first).
 */
const CLAIM_ANSWER_STEPS = 6;
const CLAIM_ANSWER_STEP_MS = 10;

/** The page as the browser gives it. */
export const browserPage: Page = {
  get origin() {
    const origin = globalThis.location?.origin;
    return origin !== undefined && origin.startsWith("http") ? origin : undefined;
  },
  onPageHide,
  onPageRestore: (listener) => {
    const handleShow = ({ persisted }: PageTransitionEvent): void => {
      if (persisted) listener();
    };
    globalThis.addEventListener?.("pageshow", handleShow);
    return () => globalThis.removeEventListener?.("pageshow", handleShow);
  },
  onNetworkChange,
  onAnimationFrame,
  reportError: (error) => {
    // Node has none: there it would end the process, which is more than a broken listener deserves.
    if (typeof globalThis.reportError === "function") globalThis.reportError(error);
    // oxlint-disable-next-line no-console
    else console.error(error);
  },
  randomSeed: () => crypto.getRandomValues(new Uint32Array(1))[0] ?? 0,
  randomToken: () => Array.from(crypto.getRandomValues(new Uint32Array(4)), (word) => word.toString(16).padStart(8, "0")).join(""),
  get localStorage() {
    return globalThis.localStorage;
  },
  get sessionStorage() {
    return globalThis.sessionStorage;
  },
  isClaimed,
  claim,
};

/**
 * `pageswap` comes right before `pagehide` when another document takes this one's place, whoever asked for it, and never when a tab is closed (measured in Chromium 156: reload
 * button, address bar, links, history; Chromium 124 and Safari 18.2 have it). Where there is none, the Navigation API tells what the page itself began.
 */
function onPageHide(listener: (departure: PageDeparture) => void): () => void {
  let departure: PageDeparture = "closed";
  const handleSwap = ({ activation }: PageSwapEvent): void => {
    departure = activation?.navigationType === "reload" ? "reloading" : "navigated";
  };
  const handleNavigate = ({ destination, downloadRequest, navigationType }: NavigateEvent): void => {
    if (destination.sameDocument || downloadRequest !== null) return;
    departure = navigationType === "reload" ? "reloading" : "navigated";
  };
  // It came to nothing: refused, stopped, or the page showed it by itself.
  const forget = (): void => void (departure = "closed");
  const handleHide = ({ persisted }: PageTransitionEvent): void => listener(departure === "closed" && persisted ? "navigated" : departure);
  const abort = new AbortController();
  const { signal } = abort;
  globalThis.addEventListener?.("pageswap", handleSwap, { signal });
  globalThis.addEventListener?.("pagehide", handleHide, { signal });
  const navigation: Navigation | undefined = globalThis.navigation;
  navigation?.addEventListener("navigate", handleNavigate, { signal });
  navigation?.addEventListener("navigatesuccess", forget, { signal });
  navigation?.addEventListener("navigateerror", forget, { signal });
  return () => abort.abort();
}

function onAnimationFrame(draw: () => void): () => void {
  if (typeof requestAnimationFrame === "undefined") return () => {};
  let handle = requestAnimationFrame(function next() {
    handle = requestAnimationFrame(next);
    draw();
  });
  return () => cancelAnimationFrame(handle);
}

function isClaimed(name: string): Promise<boolean> {
  const channel = openChannel(name);
  if (channel === undefined) return Promise.resolve(false);
  return new Promise((resolve) => {
    let timer: ReturnType<typeof setTimeout>;
    const finish = (claimed: boolean): void => {
      clearTimeout(timer);
      channel.close();
      resolve(claimed);
    };
    const wait = (steps: number): void => {
      timer = setTimeout(() => (steps === 1 ? finish(false) : wait(steps - 1)), CLAIM_ANSWER_STEP_MS);
    };
    wait(CLAIM_ANSWER_STEPS);
    channel.onmessage = (message) => {
      if (message.data === "claimed") finish(true);
    };
    channel.postMessage("claimed?");
  });
}

function claim(name: string): () => void {
  const channel = openChannel(name);
  if (channel === undefined) return () => {};
  channel.onmessage = (message) => {
    if (message.data === "claimed?") channel.postMessage("claimed");
  };
  return () => channel.close();
}

/** To other pages of this browser; `undefined` where there are none to reach: in Node, and where the browser keeps pages apart. Then there is no storage either that two of them could share. */
function openChannel(name: string): BroadcastChannel | undefined {
  if (typeof BroadcastChannel === "undefined" || typeof document === "undefined") return undefined;
  try {
    return new BroadcastChannel(name);
  } catch {
    // Firefox, with cookies forbidden.
    return undefined;
  }
}

function onNetworkChange(listener: () => void): () => void {
  const abort = new AbortController();
  const { signal } = abort;
  globalThis.addEventListener?.("online", listener, { signal });
  globalThis.addEventListener?.("pageshow", listener, { signal });
  const { document } = globalThis;
  document?.addEventListener("visibilitychange", () => (document.visibilityState === "visible" ? listener() : undefined), { signal });
  // Chromium's Network Information API, which the types of the DOM do not have.
  const connection: unknown = Object(globalThis.navigator).connection;
  if (connection instanceof EventTarget) connection.addEventListener("change", listener, { signal });
  return () => abort.abort();
}
