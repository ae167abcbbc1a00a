import type { Announcer } from "./announcer.ts";
import { element } from "./element.ts";

/** Reading time of a short sentence; at half of it slow readers miss names. */
const SHOWN_MS = 5_000;
/** More would cover the arena on a phone. */
const SHOWN_MAX = 3;

interface Toast {
  readonly key: string;
  readonly text: string;
  readonly root: HTMLElement;
  readonly timer: number | undefined;
}

/** For notes about one person: the next one takes the place of the last. By name, since a reload makes another peer of the same person. */
export function personKey(name: string): string {
  return `person ${name}`;
}

/** Short notes over the match that take no clicks. One key has one toast: a newer one replaces it. */
export class Toasts {
  readonly root: HTMLElement = element("div", { class: "toasts", "data-testid": "toasts" });
  readonly #announcer: Announcer;
  #shown: Toast[] = [];

  constructor(announcer: Announcer) {
    this.#announcer = announcer;
  }

  /** Shows `text` for five seconds, or until `hide(key)` when `lasting`. */
  show(key: string, text: string, lasting = false): void {
    const old = this.#shown.find((toast) => toast.key === key);
    // It says that already, and more.
    if (old !== undefined && old.text !== text && old.text.startsWith(text)) return;
    this.hide(key);
    const root = element("p", { class: lasting ? "toast toast-lasting" : "toast" }, text);
    const timer = lasting ? undefined : window.setTimeout(() => this.hide(key), SHOWN_MS);
    this.#shown.push({ key, text, root, timer });
    this.root.append(root);
    this.#announcer.say(text);
    const oldest = this.#shown.find((toast) => toast.timer !== undefined);
    if (this.#shown.length > SHOWN_MAX && oldest !== undefined) this.hide(oldest.key);
  }

  /** Whether `text` stands there now. */
  says(key: string, text: string): boolean {
    return this.#shown.some((toast) => toast.key === key && toast.text === text);
  }

  hide(key: string): void {
    const toast = this.#shown.find((candidate) => candidate.key === key);
    if (toast === undefined) return;
    window.clearTimeout(toast.timer);
    toast.root.remove();
    this.#shown = this.#shown.filter((candidate) => candidate !== toast);
  }

  /** What stood there to be read for a while is old news: another screen comes up. */
  clearPassing(): void {
    for (const { key, timer } of this.#shown) if (timer !== undefined) this.hide(key);
  }

  clear(): void {
    for (const { key } of this.#shown) this.hide(key);
  }
}
