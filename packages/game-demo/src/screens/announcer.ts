import { element } from "./element.ts";

/** Sentences that are kept: one that is gone before its turn is never said, and three can come in one moment. */
const LINES_MAX = 4;

/** One polite live region for the whole page: what changes on screen without the focus moving is said here. */
export class Announcer {
  readonly root: HTMLElement = element("div", {
    class: "visually-hidden",
    role: "status",
    "aria-live": "polite",
    "data-testid": "announcement",
  });

  say(text: string): void {
    // A new node for each sentence: only what is added is said, also when it is the same sentence again.
    this.root.append(element("p", {}, text));
    while (this.root.childElementCount > LINES_MAX) this.root.firstElementChild?.remove();
  }
}
