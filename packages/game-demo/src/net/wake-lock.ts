/** Keeps the screen of a phone on while a match runs, where the browser can (not on plain http). */
export class WakeLock {
  #wanted = false;
  #sentinel: WakeLockSentinel | undefined;

  constructor() {
    // The browser releases the lock of a hidden page for good.
    document.addEventListener("visibilitychange", () => void this.#apply());
  }

  hold(): void {
    this.#wanted = true;
    void this.#apply();
  }

  release(): void {
    this.#wanted = false;
    void this.#apply();
  }

  async #apply(): Promise<void> {
    const wakeLock: Navigator["wakeLock"] | undefined = navigator.wakeLock;
    if (wakeLock === undefined) return;
    try {
      if (!this.#wanted) {
        const sentinel = this.#sentinel;
        this.#sentinel = undefined;
        await sentinel?.release();
      } else if (document.visibilityState === "visible" && (this.#sentinel === undefined || this.#sentinel.released)) {
        this.#sentinel = await wakeLock.request("screen");
        if (!this.#wanted) await this.#apply();
      }
    } catch {
      // Low battery or a policy: the match goes on, the screen may dim.
    }
  }
}
