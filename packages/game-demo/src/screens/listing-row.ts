import { element, setText } from "./element.ts";
import type { ListingModel } from "./list-model.ts";

/** One lobby of the public list: a button that joins it, or waits for a seat where it is full. Updated in place, so that focus stays where it is while seats are taken. */
export class ListingRow {
  readonly root: HTMLElement;
  readonly #button: HTMLButtonElement;
  readonly #name: HTMLElement = element("span", { class: "listing-name" });
  readonly #seats: HTMLElement = element("span", { class: "listing-seats" });
  readonly #state: HTMLElement = element("span", { class: "listing-state" });
  readonly #tags: HTMLElement = element("span", { class: "badges" });
  #model: ListingModel | undefined;

  constructor(onJoin: (code: string, waits: boolean) => void) {
    const press = (): void => {
      if (this.#model !== undefined) onJoin(this.#model.code, this.#model.isFull);
    };
    this.#button = element(
      "button",
      { type: "button", class: "listing", "data-testid": "listing", onclick: press },
      this.#name,
      this.#seats,
      this.#state,
      this.#tags,
    );
    this.root = element("li", {}, this.#button);
  }

  update(model: ListingModel): void {
    if (model.label !== this.#model?.label) {
      setText(this.#name, model.name);
      setText(this.#seats, model.seats);
      setText(this.#state, model.state);
      this.#tags.replaceChildren(...model.tags.map((tag) => element("span", { class: "badge badge-plain" }, tag)));
      this.#button.setAttribute("aria-label", model.label);
      this.#button.classList.toggle("listing-full", model.isFull);
    }
    this.#model = model;
  }
}
