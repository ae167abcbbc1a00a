import { element, setText } from "./element.ts";
import { icon } from "./icon.ts";
import { lookIcon } from "./look-icon.ts";
import type { GuestSeat, PersonSeat, SeatModel } from "./room-model.ts";
import { strings } from "./strings.ts";

export interface SeatCardHandlers {
  readonly onEdit: () => void;
  /** Changes who plays on this device, too. */
  readonly onEditGuest: () => void;
  readonly onManage: (seat: PersonSeat) => void;
}

/** One seat of the room, a person's or a bot's. Updated in place, so that focus stays where it is while figures change. */
export class SeatCard {
  readonly root: HTMLElement = element("li", { class: "seat" });
  readonly #handlers: SeatCardHandlers;
  readonly #look: HTMLElement = element("span", { class: "seat-look" });
  readonly #name: HTMLElement = element("span", { class: "seat-name" });
  readonly #badges: HTMLElement = element("span", { class: "badges" });
  readonly #bars: HTMLElement = element(
    "span",
    { class: "bars", "aria-hidden": "true" },
    element("i"),
    element("i"),
    element("i"),
    element("i"),
  );
  readonly #state: HTMLElement = element("span", { class: "seat-state", "data-testid": "peer-status" });
  readonly #button: HTMLButtonElement;
  #model: SeatModel | undefined;
  #colour: number | undefined;

  constructor(handlers: SeatCardHandlers) {
    this.#handlers = handlers;
    this.#button = element("button", { type: "button", class: "icon-button seat-button", onclick: () => this.#press() });
    this.root.append(
      this.#look,
      element("div", { class: "seat-text" }, this.#name, this.#badges, element("span", { class: "seat-line" }, this.#bars, this.#state)),
      this.#button,
    );
  }

  update(model: SeatModel): void {
    this.#model = model;
    if (this.#colour !== model.colour) {
      this.#colour = model.colour;
      this.#look.replaceChildren(lookIcon(model.colour));
    }
    setText(this.#name, model.name);
    if (model.kind === "bot") this.#showBot();
    else if (model.kind === "guest") this.#showGuest(model);
    else this.#showPerson(model);
  }

  #showBot(): void {
    this.root.className = "seat seat-bot";
    this.root.dataset["testid"] = "bot";
    this.#setBadges([strings.room.bot]);
    this.#bars.hidden = true;
    setText(this.#state, strings.room.openSeat);
    this.#button.hidden = true;
  }

  #showGuest(model: GuestSeat): void {
    this.root.className = `seat${model.isMine ? " seat-me" : ""}`;
    this.root.dataset["testid"] = "guest";
    this.#setBadges([]);
    this.#bars.hidden = true;
    const state = model.isMine ? guestKeys() : strings.room.guestOf(model.hostName);
    setText(this.#state, model.hasSeat ? state : strings.room.guestWithoutSeat);
    this.#button.hidden = !model.isMine;
    if (model.isMine) this.#setButton("edit", strings.profile.editOf(model.name));
  }

  #showPerson(model: PersonSeat): void {
    this.root.className = `seat${model.isMe ? " seat-me" : ""}${model.ready ? " seat-ready" : ""}${model.role === undefined ? "" : " seat-audience"}`;
    this.root.dataset["testid"] = model.role === undefined ? "player" : "audience";
    const badges = [
      model.isHost ? strings.room.host : "",
      model.role === undefined ? "" : model.role === "spectator" ? strings.room.spectator : strings.room.queued(model.queuePlace),
      model.inMatch ? strings.room.inMatch : model.ready ? strings.room.ready : "",
      model.muted ? strings.chat.muted : "",
    ];
    this.#setBadges(badges.filter((badge) => badge !== ""));
    this.#bars.hidden = model.isMe;
    this.#bars.dataset["bars"] = String(model.connection.bars);
    setText(this.#state, model.connection.text);
    this.#showButton(model);
  }

  #showButton(model: PersonSeat): void {
    this.#button.hidden = false;
    if (model.isMe) this.#setButton("edit", strings.profile.edit);
    else this.#setButton("more", strings.room.options(model.name));
  }

  #setButton(picture: "edit" | "more", name: string): void {
    if (this.#button.getAttribute("aria-label") === name) return;
    this.#button.setAttribute("aria-label", name);
    this.#button.replaceChildren(icon(picture));
  }

  #setBadges(texts: readonly string[]): void {
    // Compared first: rewriting equal nodes would restart their CSS transitions with every round-trip figure.
    if (texts.join("\n") === [...this.#badges.children].map((badge) => badge.textContent).join("\n")) return;
    this.#badges.replaceChildren(
      ...texts.map((text) => element("span", { class: `badge badge-${badgeKind(text)}` }, badgeIcon(text), text)),
    );
  }

  #press(): void {
    if (this.#model?.kind === "guest") this.#handlers.onEditGuest();
    if (this.#model?.kind !== "person") return;
    if (this.#model.isMe) this.#handlers.onEdit();
    else this.#handlers.onManage(this.#model);
  }
}

/** What a second player of this device steers with: fingers are the first one's. */
function guestKeys(): string {
  return window.matchMedia("(any-pointer: fine)").matches ? strings.room.guest : strings.room.guestByTouch;
}

function badgeKind(text: string): string {
  if (text === strings.room.host) return "host";
  if (text === strings.room.ready) return "ready";
  return "plain";
}

function badgeIcon(text: string): SVGSVGElement | undefined {
  if (text === strings.room.host) return icon("crown");
  if (text === strings.chat.muted) return icon("silent");
  return text === strings.room.ready ? icon("check") : undefined;
}
