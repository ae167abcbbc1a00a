import type { Page } from "../adapters/page.ts";

/** One for all games of the origin: each more would only be forgotten one at a time. */
const KEY = "rollcall:device";

/** Of pages whose storage is full, forbidden or not there. */
const unstored = new WeakMap<Page, string>();

/**
 * What this browser calls itself, so that a ban holds: random, kept for the origin, and told to the broker alone. Where nothing can be stored, it
 * lasts as long as the page.
 */
export function deviceOf(page: Page): string {
  const device = stored(page) ?? unstored.get(page) ?? page.randomToken();
  unstored.set(page, device);
  try {
    page.localStorage?.setItem(KEY, device);
  } catch {
    // Kept above.
  }
  return device;
}

/** Has the browser fetch what it keeps for this origin: the first look at it takes a millisecond or more, since it is in another process. Nothing is written. */
export function prepareDevice(page: Page): void {
  stored(page);
}

/** Other scripts of the origin may write there too. */
function stored(page: Page): string | undefined {
  try {
    const text = page.localStorage?.getItem(KEY) ?? "";
    return /^[\w-]{16,64}$/.test(text) ? text : undefined;
  } catch {
    return undefined;
  }
}
