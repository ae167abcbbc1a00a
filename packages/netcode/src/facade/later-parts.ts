import type { CreateDesyncDesk } from "../core/rollback/checksum-watch.ts";
import type { CreateFollowing } from "../core/rollback/following.ts";

/** After a load that failed so many calls are answered without another try: two seconds of frames. */
const SKIPPED_CALLS = 120;

/** Code that most matches never need: loaded once for the page, when it is asked for first. */
class LaterPart<Part> {
  readonly #load: () => Promise<Part>;
  #part: Part | undefined;
  #isLoading = false;
  #skippedCalls = 0;

  constructor(load: () => Promise<Part>) {
    this.#load = load;
  }

  /** `undefined` until it is there: to be asked again. */
  get(): Part | undefined {
    if (this.#part !== undefined || this.#isLoading) return this.#part;
    if (this.#skippedCalls > 0) this.#skippedCalls--;
    else void this.#begin();
    return undefined;
  }

  async #begin(): Promise<void> {
    this.#isLoading = true;
    try {
      this.#part = await this.#load();
    } catch {
      // Who needs it may just have lost the network.
      this.#skippedCalls = SKIPPED_CALLS;
    }
    this.#isLoading = false;
  }
}

const following = new LaterPart(async () => (await import("../core/rollback/following.ts")).createFollowing);
const desyncDesk = new LaterPart(async () => (await import("../core/rollback/desync-desk.ts")).createDesyncDesk);

/** What follows a match, once it is loaded: who reloads its page or only watches needs it at once. */
export function loadFollowing(): CreateFollowing | undefined {
  return following.get();
}

/** What searches and repairs when states differ, once it is loaded. */
export function loadDesync(): CreateDesyncDesk | undefined {
  return desyncDesk.get();
}
