/**
 * The one file that knows what a JavaScript environment offers that is not the same on every peer, and that puts alarms in its place while a
 * game's function runs. The names are data: what an environment does not have is passed over, and nothing of it is needed as a type.
 */
import { unreachable } from "../base/assert.ts";

export interface Watcher {
  /** Told what was called and what to use instead; throws. */
  alarm(culprit: string, advice: string): never;
  /** Runs `play` with everything as it was. */
  lift(play: () => unknown): unknown;
}

const RANDOM = "use `random` of the context, which is saved and rolled back with the state";
const CLOCK = "count frames: `frame` of the context, divided by the frame rate, is the time of the match";
const LATER = "keep the frame at which it is due in the state, and compare it with `frame` of the context";
const OUTSIDE = "let it come in through inputs, the match's settings or the code that creates the match";
const INEXACT = "engines round it differently; take it, or what it is made of, from @rollcall/netcode/math";
const LANGUAGE = "it depends on the machine's language; compare with < or sortedBy of @rollcall/netcode/math, and format when drawing";
const COLLECTED = "it depends on when memory is collected; keep the object itself";
const COMPARATOR = "a comparator has to return a number, or engines sort differently; use sortedBy of @rollcall/netcode/math";

interface Group {
  /** Path from the global object to the owner of the names. */
  readonly owner: readonly string[];
  readonly names: readonly string[];
  readonly advice: string;
  /** Default `call`. */
  readonly how?: How;
}

/** `through`: harmless, but what is behind it may use what is not: it runs with everything as it was. `call`: any call alarms; `object`: so does any use (call, construction, a property); `comparator`: so does a comparator that gives no number. */
type How = "call" | "object" | "comparator" | "through";

const inexactMath = "acos acosh asin asinh atan atan2 atanh cbrt cos cosh exp expm1 hypot log log10 log1p log2 pow sin sinh tan tanh".split(
  " ",
);

const GROUPS: readonly Group[] = [
  // For the developer. A test runner's console looks at the clock.
  { owner: ["console"], names: ["debug", "error", "info", "log", "table", "trace", "warn"], advice: "", how: "through" },
  { owner: ["Math"], names: ["random"], advice: RANDOM },
  { owner: ["Math"], names: inexactMath, advice: INEXACT },
  { owner: [], names: ["Date"], advice: CLOCK, how: "object" },
  { owner: ["Date"], names: ["now"], advice: CLOCK },
  { owner: ["performance"], names: ["now"], advice: CLOCK },
  { owner: ["process"], names: ["hrtime"], advice: CLOCK, how: "object" },
  { owner: ["crypto"], names: ["getRandomValues", "randomUUID"], advice: RANDOM },
  {
    owner: [],
    names: ["setTimeout", "setInterval", "setImmediate", "queueMicrotask", "requestAnimationFrame", "requestIdleCallback"],
    advice: LATER,
  },
  { owner: [], names: ["fetch"], advice: OUTSIDE },
  { owner: [], names: ["XMLHttpRequest", "WebSocket", "EventSource", "Worker"], advice: OUTSIDE, how: "object" },
  { owner: ["Storage", "prototype"], names: ["getItem", "setItem", "removeItem", "key", "clear"], advice: OUTSIDE },
  { owner: [], names: ["Intl"], advice: LANGUAGE, how: "object" },
  { owner: ["String", "prototype"], names: ["localeCompare", "toLocaleLowerCase", "toLocaleUpperCase"], advice: LANGUAGE },
  { owner: ["Number", "prototype"], names: ["toLocaleString"], advice: LANGUAGE },
  { owner: ["Array", "prototype"], names: ["toLocaleString"], advice: LANGUAGE },
  { owner: ["WeakRef", "prototype"], names: ["deref"], advice: COLLECTED },
  { owner: ["Array", "prototype"], names: ["sort", "toSorted"], advice: COMPARATOR, how: "comparator" },
  // What all typed arrays inherit from has no name of its own.
  { owner: ["Uint8Array", "__proto__", "prototype"], names: ["sort", "toSorted"], advice: COMPARATOR, how: "comparator" },
];

/** One property that is exchanged while the alarms are up. */
interface Site {
  readonly owner: object;
  readonly key: string;
  readonly culprit: string;
  readonly advice: string;
  readonly how: How;
  /** A plain property of the owner: assigning is all it takes. Else (inherited, with a getter, read-only) one is defined over it. */
  readonly isAssignable: boolean;
  /** What stood there when `replacement` was made. */
  original: unknown;
  replacement: unknown;
  /** Of a property that had to be defined over: the owner's own one before, if there was one. */
  covered: PropertyDescriptor | undefined;
}

/** Puts alarms in the place of everything forbidden, and takes them away again. */
export class ForbiddenGlobals {
  readonly #watcher: Watcher;
  readonly #allowed: readonly string[];
  readonly #sites: readonly Site[];

  /** `allowed`: culprits that stay as they are. */
  constructor(watcher: Watcher, allowed: readonly string[]) {
    this.#watcher = watcher;
    this.#allowed = allowed;
    this.#sites = GROUPS.flatMap(sitesOf).filter(({ culprit }) => !allowed.includes(culprit));
  }

  install(): void {
    for (const site of this.#sites) {
      // Read anew each time: a test's fake clock may stand there by now.
      const current: unknown = Reflect.get(site.owner, site.key);
      if (current !== site.original) {
        site.original = current;
        site.replacement = this.#replacementOf(site, current);
      }
      if (site.isAssignable) {
        Reflect.set(site.owner, site.key, site.replacement);
      } else {
        site.covered = Reflect.getOwnPropertyDescriptor(site.owner, site.key);
        Reflect.defineProperty(site.owner, site.key, { value: site.replacement, configurable: true, writable: true });
      }
    }
  }

  restore(): void {
    for (const { owner, key, isAssignable, original, covered } of this.#sites) {
      if (isAssignable) Reflect.set(owner, key, original);
      else if (covered === undefined) Reflect.deleteProperty(owner, key);
      else Reflect.defineProperty(owner, key, covered);
    }
  }

  #replacementOf({ culprit, advice, how }: Site, original: unknown): unknown {
    const watcher = this.#watcher;
    const alarm: Watcher["alarm"] = (call, instead) => watcher.alarm(call, instead);
    switch (how) {
      case "through":
        return (...args: readonly unknown[]) => watcher.lift(() => Reflect.apply(original as AnyFunction, undefined, args));
      case "call":
        return () => alarm(`${culprit}()`, advice);
      case "object":
        return new Proxy(Object(original), {
          apply: () => alarm(`${culprit}()`, advice),
          construct: () => alarm(`new ${culprit}()`, advice),
          get: (target: object, key) => {
            const name = `${culprit}.${String(key)}`;
            // `instanceof` reads the first two, and is harmless.
            const isFine = key === Symbol.hasInstance || key === "prototype" || this.#allowed.includes(name);
            return isFine ? Reflect.get(target, key) : alarm(name, advice);
          },
        });
      case "comparator":
        return function sort(this: unknown, compare?: Comparator): unknown {
          if (compare === undefined) return Reflect.apply(original as AnyFunction, this, []);
          const checked: Comparator = (left, right) => {
            const order = compare(left, right);
            if (typeof order === "number" && !Number.isNaN(order)) return order;
            return alarm(`${culprit} with a comparator that gave ${String(order)}`, advice);
          };
          return Reflect.apply(original as AnyFunction, this, [checked]);
        };
      default:
        return unreachable(how);
    }
  }
}

type AnyFunction = (this: unknown, ...args: readonly unknown[]) => unknown;
type Comparator = (left: unknown, right: unknown) => unknown;

function sitesOf({ owner: path, names, advice, how = "call" }: Group): Site[] {
  const owner = path.reduce<unknown>((object, key) => (isObject(object) ? Reflect.get(object, key) : undefined), globalThis);
  if (!isObject(owner)) return [];
  return names
    .filter((key) => isObject(Reflect.get(owner, key)))
    .map((key) => {
      const own = Reflect.getOwnPropertyDescriptor(owner, key);
      const culprit = [...path, key].join(".").replace("Uint8Array.__proto__", "TypedArray");
      const isAssignable = own?.writable === true;
      return { owner, key, culprit, advice, how, isAssignable, original: undefined, replacement: undefined, covered: undefined };
    });
}

function isObject(value: unknown): value is object {
  return typeof value === "function" || (typeof value === "object" && value !== null);
}
