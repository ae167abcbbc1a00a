/** What came of the browser's way back: nothing was left to go back from, we stay where we are, or we are at the title now. */
export type WayBack = "home" | "stayed" | "left";

/** The title's entry once it stands above another one of the title. */
const SPARE = "spare";
/** The entry of whatever was entered from the title. */
const INSIDE = "inside";

export interface PageHistoryOptions {
  readonly window: Pick<Window, "history" | "location" | "addEventListener">;
  /** Goes back as far as one screen. */
  readonly onBack: () => WayBack;
}

/**
 * The page in the browser's history: an entry for the title, and one above it for the lobby or the match that is entered from there. So the way back of a phone, which a
 * thumb takes easily by mistake, leads to the title and asks before a match is left.
 */
export class PageHistory {
  readonly #window: PageHistoryOptions["window"];
  /** The address of where we are, but for the title. */
  #inside: string | undefined;

  constructor({ window, onBack }: PageHistoryOptions) {
    this.#window = window;
    const { history, location } = window;
    window.addEventListener("popstate", () => {
      // Forward again, or another code in the address: that is told by `hashchange`.
      if (history.state !== null || location.hash !== "") return;
      const inside = this.#inside;
      this.#inside = undefined;
      const way = onBack();
      if (way === "stayed" && inside !== undefined) {
        history.pushState(INSIDE, "", inside);
        this.#inside = inside;
      }
      // From one entry of the title to another one.
      if (way === "home") history.back();
    });
  }

  /** We are in a lobby, which the address names, or in a match without one. */
  enter(code: string | undefined): void {
    const { history } = this.#window;
    const address = code === undefined ? this.#title : `#j=${code}`;
    if (this.#inside !== undefined || history.state !== null) history.replaceState(INSIDE, "", address);
    else {
      // Who goes back to the title is not sent to the lobby again, and the secret of an invite is not kept.
      history.replaceState(null, "", this.#title);
      history.pushState(INSIDE, "", address);
    }
    this.#inside = address;
  }

  /** We are at the title. */
  leave(): void {
    const { history } = this.#window;
    // An entry cannot be taken away, only passed over on the way back.
    history.replaceState(this.#inside === undefined ? history.state : SPARE, "", this.#title);
    this.#inside = undefined;
  }

  get #title(): string {
    const { pathname, search } = this.#window.location;
    return `${pathname}${search}`;
  }
}
