import { lookAt, PALETTE } from "../sim/index.ts";
import { element } from "./element.ts";
import { lookIcon } from "./look-icon.ts";
import { strings } from "./strings.ts";

export interface ProfileEditorOptions {
  readonly name: string;
  /** Of the name field; default: your name. */
  readonly label?: string;
  readonly colour: number;
  /** Looks of others, by palette index: shown, but not to be chosen. */
  readonly takenBy?: ReadonlyMap<number, string>;
  /** Tells names of radio groups apart when two editors are on the page. */
  readonly id: string;
  /** Returns the name as it was taken. */
  readonly onName: (name: string) => string;
  readonly onColour: (colour: number) => void;
}

/** A name field and the eight looks as radio buttons. */
export class ProfileEditor {
  readonly root: HTMLElement;
  readonly #name: HTMLInputElement;
  readonly #badge: HTMLElement = element("span", { class: "profile-badge" });

  constructor(options: ProfileEditorOptions) {
    const nameId = `${options.id}-name`;
    this.#name = element("input", {
      id: nameId,
      class: "field",
      type: "text",
      value: options.name,
      autocomplete: "nickname",
      spellcheck: "false",
      enterkeyhint: "done",
      // Generous, since one grapheme may be many units: the name itself is cut by graphemes.
      maxlength: "64",
      "data-testid": "name",
    });
    this.#name.addEventListener("change", () => this.commit(options.onName));
    this.#name.addEventListener("focus", () => this.#name.select());
    this.#badge.append(lookIcon(options.colour));
    const looks = PALETTE.map((_, colour) => this.#look(options, colour));
    this.root = element(
      "div",
      { class: "profile" },
      element(
        "div",
        { class: "profile-name" },
        this.#badge,
        element("label", { class: "label", for: nameId }, options.label ?? strings.profile.name),
        this.#name,
      ),
      element("fieldset", { class: "looks" }, element("legend", { class: "visually-hidden" }, strings.profile.look), ...looks),
    );
  }

  /** Takes what is in the name field, also when the person has not left it yet. */
  commit(onName: (name: string) => string): void {
    this.#name.value = onName(this.#name.value);
  }

  #look(options: ProfileEditorOptions, colour: number): HTMLElement {
    const look = lookAt(colour);
    const takenBy = options.takenBy?.get(colour);
    const label = `${look.name}, ${look.shape}`;
    const input = element("input", {
      type: "radio",
      name: `${options.id}-look`,
      value: String(colour),
      checked: colour === options.colour,
      disabled: takenBy !== undefined,
      "aria-label": takenBy === undefined ? label : `${label}, ${strings.profile.takenBy(takenBy)}`,
      onchange: () => {
        this.#badge.replaceChildren(lookIcon(colour));
        options.onColour(colour);
      },
    });
    return element(
      "label",
      { class: "look-choice", title: takenBy === undefined ? look.name : strings.profile.takenBy(takenBy) },
      input,
      lookIcon(colour),
    );
  }
}
