import { BenchPeer } from "./bench-peer.ts";

/** 2026-01-01: any date; only differences are looked at. */
const EPOCH_MS = 1_767_225_600_000;

interface TimerHandle {
  readonly timer: { isOn: boolean } | undefined;
  unref(): TimerHandle;
}

/** Puts the clock and the timers of the peer whose code runs in the place of the real ones, for packages that ask the globals. Before they are loaded. */
export function installVirtualGlobals(): void {
  const start = (task: () => void, delayMs: number | undefined, repeats: boolean): TimerHandle => {
    const afterMs = Math.max(delayMs ?? 0, 1);
    const peer = BenchPeer.current;
    const timer = peer?.startTimer(() => peer.run(task), afterMs, repeats ? afterMs : 0);
    const handle: TimerHandle = { timer, unref: () => handle };
    return handle;
  };
  const stop = (handle: TimerHandle | null | undefined): void => {
    if (handle?.timer !== undefined) handle.timer.isOn = false;
  };
  replaceGlobals({
    setInterval: (task: () => void, delayMs?: number) => start(task, delayMs, true),
    setTimeout: (task: () => void, delayMs?: number) => start(task, delayMs, false),
    clearInterval: stop,
    clearTimeout: stop,
  });
  const now = (): number => Math.floor(EPOCH_MS + (BenchPeer.current?.localMs ?? 0));
  Date.now = now;
  // Packages talk to the console; the child's output is its result alone.
  for (const method of ["log", "info", "warn", "debug"] as const) console[method] = () => {};
}

/** For a package that wants a page: everything that it asks of it exists and does nothing. */
export function installPageStubs(): void {
  const stub: object = new Proxy(() => {}, {
    get: (_target, key) => (key === Symbol.toPrimitive ? () => 0 : key === "length" ? 0 : stub),
    set: () => true,
    apply: () => stub,
    construct: () => stub,
  });
  replaceGlobals({ window: globalThis, self: globalThis, document: stub, navigator: { userAgent: "bench" }, location: stub });
  replaceGlobals({ addEventListener: () => {}, requestAnimationFrame: () => 0, innerWidth: 640, innerHeight: 480 });
}

function replaceGlobals(values: Readonly<Record<string, unknown>>): void {
  for (const [name, value] of Object.entries(values))
    Object.defineProperty(globalThis, name, { value, configurable: true, writable: true });
}
