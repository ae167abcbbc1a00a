import type { Ban } from "@rollcall/netcode";
import { openDialog } from "./dialog.ts";
import { element, setText } from "./element.ts";
import { keepFocus } from "./keep-focus.ts";
import { passwordField } from "./password-field.ts";
import type { RoomModel } from "./room-model.ts";
import { cleanName } from "./player-name.ts";
import { strings } from "./strings.ts";
import { switchButton } from "./switch-button.ts";

export interface HostToolsOptions {
  readonly onLock: (locked: boolean) => void;
  readonly onList: (listed: boolean) => void;
  /** `undefined`: none. */
  readonly onPassword: (password: string | undefined) => void;
  /** Holds a seat, and shows the link that leads to it. */
  readonly onHold: () => void;
  /** Gives all held seats back. */
  readonly onGiveBack: () => void;
  readonly bans: () => Promise<readonly Ban[]>;
  readonly onUnban: (ban: Ban) => void;
}

/** What the host decides about who may come in. */
export class HostTools {
  readonly root: HTMLElement;
  readonly #options: HostToolsOptions;
  readonly #lock: HTMLButtonElement;
  readonly #listed: HTMLButtonElement;
  readonly #password: HTMLButtonElement;
  readonly #giveBack: HTMLButtonElement;
  #model: RoomModel | undefined;

  constructor(options: HostToolsOptions) {
    this.#options = options;
    this.#listed = switchButton("globe", strings.room.listed, strings.room.listedHint, () => options.onList(this.#model?.listed !== true));
    this.#lock = switchButton("lock", strings.room.lock, strings.room.lockHint, () => options.onLock(this.#model?.locked !== true));
    this.#password = element("button", { type: "button", class: "button small quiet", onclick: () => this.#askForPassword() });
    const hold = element("button", { type: "button", class: "button small quiet", onclick: () => options.onHold() }, strings.held.hold);
    this.#giveBack = element("button", { type: "button", class: "button small quiet", onclick: () => options.onGiveBack() });
    const bans = element(
      "button",
      { type: "button", class: "button small quiet", onclick: () => void this.#showBans() },
      strings.bans.open,
    );
    this.root = element(
      "div",
      { class: "host-tools", role: "group", "aria-label": strings.room.hostTools },
      this.#listed,
      this.#lock,
      this.#password,
      hold,
      this.#giveBack,
      bans,
    );
  }

  update(model: RoomModel): void {
    this.#model = model;
    this.root.hidden = !model.isHost;
    this.#lock.setAttribute("aria-checked", String(model.locked));
    this.#listed.setAttribute("aria-checked", String(model.listed));
    this.#giveBack.hidden = model.heldSeats === 0;
    setText(this.#giveBack, strings.held.giveBack(model.heldSeats));
    const text = model.hasPassword ? strings.roomPassword.change : strings.roomPassword.set;
    if (this.#password.textContent !== text) this.#password.replaceChildren(text);
  }

  #askForPassword(): void {
    const text = strings.roomPassword;
    const field = passwordField("room-password", "");
    field.setAttribute("aria-describedby", "room-password-hint");
    const save = (): void => this.#options.onPassword(field.value === "" ? undefined : field.value);
    const form = element(
      "form",
      { class: "options" },
      element(
        "div",
        { class: "option" },
        element("label", { class: "label", for: field.id }, text.label),
        field,
        element("p", { class: "hint", id: "room-password-hint" }, text.hint),
      ),
    );
    const close = openDialog({
      title: text.heading,
      body: [form],
      actions: [
        { text: strings.home.cancel, className: "button quiet" },
        { text: text.save, className: "button primary", act: save },
      ],
    });
    form.addEventListener("submit", (event) => {
      event.preventDefault();
      close();
      save();
    });
    field.focus();
  }

  async #showBans(): Promise<void> {
    const known = await this.#options.bans().catch(() => undefined);
    // A match has begun meanwhile, or the lobby was left.
    if (!this.root.isConnected) return;
    const bans = known ?? [];
    const list = element("ul", { class: "bans", role: "list" });
    const empty = element(
      "p",
      { class: "hint", tabindex: "-1", hidden: bans.length > 0 },
      known === undefined ? strings.bans.unknown : strings.bans.empty,
    );
    for (const ban of bans) {
      const name = cleanName(ban.name);
      const lift = (): void => {
        this.#options.onUnban(ban);
        empty.hidden = list.childElementCount > 1;
        keepFocus(
          list,
          () => line.remove(),
          () => list.querySelector("button") ?? empty,
        );
      };
      const button = element(
        "button",
        { type: "button", class: "button small", "aria-label": strings.bans.liftOf(name), onclick: lift },
        strings.bans.lift,
      );
      const line: HTMLElement = element("li", { class: "ban", "data-testid": "ban" }, element("span", { class: "ban-name" }, name), button);
      list.append(line);
    }
    openDialog({ title: strings.bans.heading, body: [empty, list], actions: [{ text: strings.room.close, className: "button quiet" }] });
  }
}
