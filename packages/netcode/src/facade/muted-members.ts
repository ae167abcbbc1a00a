import type { Page } from "../adapters/page.ts";
import { parsePeerId, type PeerId } from "../core/base/units.ts";

const KEY = "rollcall:blocked";
/** More are forgotten, oldest first. */
const BLOCKED_MAX = 200;

/** Whose chat and messages do not reach this page. A block outlives the page, a mute does not. */
export class MutedMembers {
  readonly #page: Page;
  readonly #muted = new Set<PeerId>();
  readonly #blocked: Set<PeerId>;
  readonly #handleChange: () => void;

  constructor(page: Page, handleChange: () => void) {
    this.#page = page;
    this.#handleChange = handleChange;
    this.#blocked = new Set(stored(page));
  }

  mute(peerId: PeerId, muted: boolean): void {
    if (muted) this.#muted.add(peerId);
    else this.#muted.delete(peerId);
    this.#handleChange();
  }

  block(peerId: PeerId, blocked: boolean): void {
    if (blocked) this.#blocked.add(peerId);
    else this.#blocked.delete(peerId);
    for (const oldest of this.#blocked) {
      if (this.#blocked.size <= BLOCKED_MAX) break;
      this.#blocked.delete(oldest);
    }
    try {
      this.#page.localStorage?.setItem(KEY, JSON.stringify([...this.#blocked]));
    } catch {
      // Full or forbidden: it holds until the page is closed.
    }
    this.#handleChange();
  }

  isMuted(peerId: PeerId): boolean {
    return this.#muted.has(peerId) || this.#blocked.has(peerId);
  }

  isBlocked(peerId: PeerId): boolean {
    return this.#blocked.has(peerId);
  }

  /** The same member under another peer id, after a reload. */
  rename(before: PeerId, after: PeerId): void {
    if (this.#muted.delete(before)) this.#muted.add(after);
    if (this.#blocked.has(before)) this.block(after, true);
  }
}

/** Other scripts of the origin may write there too. */
function stored(page: Page): PeerId[] {
  try {
    const list: unknown = JSON.parse(page.localStorage?.getItem(KEY) ?? "[]");
    if (!Array.isArray(list)) return [];
    return list.slice(-BLOCKED_MAX).flatMap((id: unknown) => parsePeerId(id) ?? []);
  } catch {
    return [];
  }
}
