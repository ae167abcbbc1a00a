/** Which keys steer one player. Values are `KeyboardEvent.code`, so that they keep their place on every keyboard layout. */
export interface KeySet {
  readonly left: readonly string[];
  readonly right: readonly string[];
  readonly up: readonly string[];
  readonly down: readonly string[];
  readonly snap: readonly string[];
}

const LETTERS: KeySet = { left: ["KeyA"], right: ["KeyD"], up: ["KeyW"], down: ["KeyS"], snap: ["Space"] };
const ARROWS: KeySet = { left: ["ArrowLeft"], right: ["ArrowRight"], up: ["ArrowUp"], down: ["ArrowDown"], snap: ["Enter", "ShiftRight"] };
const ALL: KeySet = {
  left: [...LETTERS.left, ...ARROWS.left],
  right: [...LETTERS.right, ...ARROWS.right],
  up: [...LETTERS.up, ...ARROWS.up],
  down: [...LETTERS.down, ...ARROWS.down],
  // Enter opens the chat.
  snap: [...LETTERS.snap, "ShiftRight"],
};

/** Keys of one of `count` players at this keyboard: one alone may use them all, two share them. */
export function keySetOf(order: number, count: number): KeySet {
  if (count <= 1) return ALL;
  return order === 0 ? LETTERS : ARROWS;
}

const GAME_KEYS = new Set([...Object.values(ALL).flat(), ...ARROWS.snap]);

/** The keys that are down, while the game listens. It takes game keys away from the page, but never from a form control or a button. */
export class Keyboard {
  readonly #down = new Set<string>();
  /** Pressed since they were last asked for: a tap shorter than a frame still counts. */
  readonly #tapped = new Set<string>();
  readonly #stop = new AbortController();

  /** `onGesture`: called on every key, for what browsers allow only then. */
  constructor(onGesture: () => void) {
    const { signal } = this.#stop;
    window.addEventListener(
      "keydown",
      (event) => {
        onGesture();
        if (isForPage(event)) return;
        this.#down.add(event.code);
        if (!event.repeat) this.#tapped.add(event.code);
        if (GAME_KEYS.has(event.code)) event.preventDefault();
      },
      { signal },
    );
    window.addEventListener("keyup", (event) => this.#down.delete(event.code), { signal });
    // A key that is let go elsewhere is never reported here.
    window.addEventListener("blur", () => this.#down.clear(), { signal });
  }

  /** True when one of `codes` is down, or was tapped since the last time it was asked for. */
  take(codes: readonly string[]): boolean {
    let taken = false;
    for (const code of codes) {
      if (this.#tapped.delete(code) || this.#down.has(code)) taken = true;
    }
    return taken;
  }

  /** Forgets taps that nobody asked for. */
  clear(): void {
    this.#tapped.clear();
  }

  dispose(): void {
    this.#stop.abort();
  }
}

function isForPage(event: KeyboardEvent): boolean {
  if (event.ctrlKey || event.metaKey || event.altKey) return true;
  const { target } = event;
  if (!(target instanceof HTMLElement)) return false;
  return target.isContentEditable || target.closest("input, textarea, select, button, a[href], dialog[open], [role='dialog']") !== null;
}
