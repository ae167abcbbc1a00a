import { element } from "./element.ts";

/** One polite live region for the whole page: what changes on screen without the focus moving is said here. */
export class Announcer {
  readonly root: HTMLElement = element("div", {
    class: "visually-hidden",
    role: "status",
    "aria-live": "polite",
    "data-testid": "announcement",
  });
  #line: HTMLElement | undefined;

  say(text: string): void {
    // A new node for each sentence: the same sentence twice in a row is said twice.
    const line = element("p", {}, text);
    this.#line?.remove();
    this.#line = line;
    this.root.append(line);
  }
}
