/** After a load that failed so many calls are answered without another try: two seconds of frames. */
const SKIPPED_CALLS = 120;

/** Code that most matches never need: loaded once for the page, when it is asked for first. */
export class LaterPart<Part> {
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

  /** For who can wait: rejects when it cannot be loaded now. */
  async wait(): Promise<Part> {
    this.#part ??= await this.#load();
    return this.#part;
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
