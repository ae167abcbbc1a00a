import type { LobbyFilter, LobbyList } from "@rollcall/netcode";
import { element, setText } from "./element.ts";
import { errorText } from "./error-banner.ts";
import { icon } from "./icon.ts";
import { keepFocus } from "./keep-focus.ts";
import { arranged, FILTERS, filterOf, listingModel, listSentence, type FilterName, type ListState } from "./list-model.ts";
import { LOBBIES_BACK_MS } from "./lobbies-back.ts";
import { ListingRow } from "./listing-row.ts";
import { strings } from "./strings.ts";

export interface ListPanelOptions {
  readonly watch: (filter: LobbyFilter, signal: AbortSignal) => Promise<LobbyList>;
  /** `waits`: for a seat, in a full lobby. */
  readonly onJoin: (code: string, waits: boolean) => void;
  readonly onQuick: () => void;
}

/** The public list, as long as it is looked at: filters, how many there are, and a row for each lobby. */
export class ListPanel {
  readonly root: HTMLElement;
  readonly #options: ListPanelOptions;
  readonly #filters = new Set<FilterName>();
  readonly #status: HTMLElement = element("p", { class: "list-status", role: "status", tabindex: "-1", "data-testid": "list-status" });
  readonly #failure: HTMLElement = element("div", { class: "list-failure", role: "alert" });
  readonly #quick: HTMLButtonElement;
  readonly #list: HTMLElement = element("ul", { class: "listings", role: "list", "aria-label": strings.list.heading });
  readonly #rows = new Map<string, ListingRow>();
  #watching: AbortController | undefined;
  /** Runs out when lobbies of before an outage must be back. */
  #returning: number | undefined;

  constructor(options: ListPanelOptions) {
    this.#options = options;
    this.#quick = element(
      "button",
      { type: "button", class: "button primary", hidden: true, onclick: () => options.onQuick() },
      strings.home.quick,
    );
    const filters = FILTERS.map((name) => this.#filter(name));
    this.root = element(
      "div",
      { class: "list" },
      element("div", { class: "list-filters", role: "group", "aria-label": strings.list.filters }, ...filters),
      this.#status,
      this.#failure,
      this.#list,
      this.#quick,
    );
  }

  /** Asks for the list of the filters that are chosen now, and follows it. */
  start(): void {
    this.stop();
    const watching = new AbortController();
    this.#watching = watching;
    void this.#follow(watching.signal);
  }

  stop(): void {
    this.#watching?.abort();
    this.#watching = undefined;
    this.#endReturn();
  }

  async #follow(signal: AbortSignal): Promise<void> {
    keepFocus(
      this.#failure,
      () => this.#failure.replaceChildren(),
      () => this.#status,
    );
    this.#draw("loading", undefined);
    try {
      const list = await this.#options.watch(filterOf(this.#filters), signal);
      if (signal.aborted) return list.close();
      list.on("change", () => this.#follows(list));
      this.#follows(list);
    } catch (error) {
      if (!signal.aborted) this.#fail(error);
    }
  }

  #follows(list: LobbyList): void {
    const isBack = list.isLive && this.root.dataset["state"] === "lost";
    if (isBack) this.#returning = window.setTimeout(() => (this.#endReturn(), this.#follows(list)), LOBBIES_BACK_MS);
    if (!list.isLive) {
      this.#endReturn();
      this.#draw("lost", list);
    } else if (this.#returning !== undefined && list.lobbies.length === 0) this.#draw("loading", undefined);
    else this.#draw("live", list);
  }

  #endReturn(): void {
    window.clearTimeout(this.#returning);
    this.#returning = undefined;
  }

  #draw(state: ListState, list: LobbyList | undefined): void {
    this.root.dataset["state"] = state;
    this.root.setAttribute("aria-busy", String(state === "loading"));
    // While another list is on its way the last one stays, dimmed: nothing jumps twice.
    if (list !== undefined) {
      keepFocus(
        this.#list,
        () => this.#drawRows(list),
        () => this.#status,
      );
    }
    setText(this.#status, listSentence(state, this.#rows.size, list?.total ?? 0, this.#filters.size > 0));
    this.#quick.hidden = state !== "live" || this.#rows.size > 0;
  }

  #drawRows({ lobbies }: LobbyList): void {
    const listings = arranged([...this.#rows.keys()], lobbies);
    const codes = new Set<string>(listings.map(({ code }) => code));
    for (const [code, row] of this.#rows) {
      if (codes.has(code)) continue;
      row.root.remove();
      this.#rows.delete(code);
    }
    for (const listing of listings) {
      let row = this.#rows.get(listing.code);
      if (row === undefined) {
        row = new ListingRow(this.#options.onJoin);
        this.#rows.set(listing.code, row);
        this.#list.append(row.root);
      }
      row.update(listingModel(listing));
    }
  }

  #fail(error: unknown): void {
    const { message, remedy } = errorText(error);
    this.root.dataset["state"] = "failed";
    this.root.setAttribute("aria-busy", "false");
    setText(this.#status, "");
    this.#failure.replaceChildren(
      icon("warning"),
      element("p", {}, element("strong", {}, message), " ", remedy),
      element("button", { type: "button", class: "button small", onclick: () => this.start() }, strings.error.again),
    );
  }

  #filter(name: FilterName): HTMLElement {
    const press = (): void => {
      if (!this.#filters.delete(name)) this.#filters.add(name);
      button.setAttribute("aria-pressed", String(this.#filters.has(name)));
      this.start();
    };
    const button = element(
      "button",
      { type: "button", class: "button small toggle", "aria-pressed": "false", onclick: press },
      icon("check"),
      strings.list.filter[name],
    );
    return button;
  }
}
