import { element, setText, svgElement } from "./element.ts";
import type { Identity } from "./identity.ts";
import { icon } from "./icon.ts";
import { keepFocus } from "./keep-focus.ts";
import { hasForeignLetters, inviteTo, isCodeEnded, isWholeCode, readInvite, readLobbyCode } from "./lobby-code-text.ts";
import { ProfileEditor } from "./profile-editor.ts";
import { strings } from "./strings.ts";

export interface HomeScreenOptions {
  readonly identity: Identity;
  readonly code: string;
  /** Letters that a code has; `undefined`: not known, or not yet. */
  readonly codeLength: number | undefined;
  /** `invite`: of the same code, where it was pasted with its secret. */
  readonly onJoin: (code: string, invite: string | undefined) => void;
  /** Another code is being typed: what was said of the last one is over. */
  readonly onCode: () => void;
  readonly onHost: () => void;
  readonly onPlay: () => void;
  readonly onQuick: () => void;
  readonly onList: () => void;
  readonly onOptions: () => void;
  readonly onCancel: () => void;
  readonly onCheck: () => void;
  /** Where errors stand: under the code, while this screen is up. */
  readonly errors: HTMLElement;
}

/**
 * A whole code is sent by itself after this moment. Long enough to see the last letter land and to press "Join" oneself, where the button would
 * otherwise vanish under the pointer; short enough that nobody waits for it.
 */
const AUTO_SUBMIT_MS = 400;

/** The title: join, host, or play at once; who you are. */
export class HomeScreen {
  readonly root: HTMLElement;
  readonly heading: HTMLElement = element("h1", { class: "title", tabindex: "-1" }, strings.title);
  readonly #options: HomeScreenOptions;
  readonly #code: HTMLInputElement;
  readonly #hint: HTMLElement = element("p", { class: "hint", id: "lobby-code-hint" });
  #codeLength: number | undefined;
  /** Somebody typed here, and the last that came was a link or an invite. */
  #typed: { readonly isEnded: boolean } | undefined;
  /** Pasted; the field shows the code alone. */
  #invite: string | undefined;
  readonly #busy: HTMLElement;
  readonly #busyText: HTMLElement = element("span", {});
  readonly #profile: ProfileEditor;
  #isBusy = false;
  #autoSubmit: number | undefined;

  constructor(options: HomeScreenOptions) {
    this.#options = options;
    this.#code = this.#codeField(options.code);
    this.setCodeLength(options.codeLength);
    const cancel = element("button", { type: "button", class: "button small", onclick: () => options.onCancel() }, strings.home.cancel);
    this.#busy = element(
      "div",
      { class: "busy", role: "status", hidden: true },
      element("span", { class: "spinner" }),
      this.#busyText,
      cancel,
    );
    const { identity } = options;
    this.#profile = new ProfileEditor({
      id: "home",
      name: identity.name,
      colour: identity.colour,
      onName: (name) => identity.rename(name),
      onColour: (colour) => identity.recolour(colour),
    });
    this.root = element(
      "div",
      { class: "screen home" },
      element(
        "header",
        { class: "masthead" },
        element("div", { class: "wordmark" }, this.heading, bandStroke()),
        element("p", { class: "tagline" }, strings.tagline),
      ),
      element(
        "div",
        { class: "panel home-panel" },
        this.#joinForm(),
        options.errors,
        this.#busy,
        this.#ways(),
        element("hr"),
        this.#profile.root,
      ),
      element(
        "footer",
        { class: "home-foot" },
        element("p", { class: "controls-hint" }, strings.home.controls),
        element(
          "div",
          { class: "home-links" },
          element(
            "button",
            { type: "button", class: "link-button", onclick: () => this.#openOptions() },
            icon("lock"),
            strings.home.options,
          ),
          element("button", { type: "button", class: "link-button", onclick: () => options.onCheck() }, icon("signal"), strings.check.open),
        ),
      ),
    );
  }

  /** Puts the cursor where a code goes, ready to be typed over. */
  focusCode(): void {
    this.#code.focus();
    this.#code.select();
  }

  /** The code that is joined, wherever it came from: what is said of it stands below. */
  showCode(code: string): void {
    if (readLobbyCode(this.#code.value) !== code) this.#code.value = code;
  }

  /** From now on it is known how many letters a code has: what was typed may be whole. */
  setCodeLength(codeLength: number | undefined): void {
    this.#codeLength = codeLength;
    setText(this.#hint, strings.home.codeHint(codeLength));
    this.#code.placeholder = strings.home.codePlaceholder(codeLength);
    this.#code.classList.toggle("long", (codeLength ?? 0) > 5);
    this.#submitSoon();
  }

  /** Shows that something is under way, or with `undefined` that nothing is. What was typed stays. */
  setBusy(text: string | undefined): void {
    this.#isBusy = text !== undefined;
    keepFocus(
      this.#busy,
      () => (this.#busy.hidden = text === undefined),
      () => this.heading,
    );
    setText(this.#busyText, text ?? "");
  }

  #joinForm(): HTMLElement {
    const submit = (event: Event): void => {
      event.preventDefault();
      this.#submit();
    };
    return element(
      "form",
      { class: "join", novalidate: true, onsubmit: submit },
      element("label", { class: "label", for: "lobby-code" }, strings.home.codeLabel),
      element("div", { class: "join-line" }, this.#code, element("button", { type: "submit", class: "button primary" }, strings.home.join)),
      this.#hint,
    );
  }

  #codeField(code: string): HTMLInputElement {
    const field = element("input", {
      id: "lobby-code",
      class: "field code-field",
      type: "text",
      value: code,
      "aria-describedby": "lobby-code-hint",
      autocomplete: "off",
      autocapitalize: "characters",
      autocorrect: "off",
      spellcheck: "false",
      enterkeyhint: "go",
    });
    field.addEventListener("input", (event) => {
      // An unfinished composition must not be rewritten under the person's fingers.
      if (event instanceof InputEvent && event.isComposing) return;
      this.#invite = readInvite(field.value) ?? this.#invite;
      this.#typed = { isEnded: isCodeEnded(field.value) };
      this.#noteLetters(field.value);
      const read = readLobbyCode(field.value, this.#codeLength);
      if (field.value !== read) field.value = read;
      field.removeAttribute("aria-invalid");
      this.#options.onCode();
      this.#submitSoon();
    });
    return field;
  }

  /** Letters that vanish are explained, until the code is whole or another one is begun. */
  #noteLetters(typed: string): void {
    if (hasForeignLetters(typed, this.#codeLength)) {
      this.#hint.setAttribute("role", "status");
      setText(this.#hint, strings.home.noSuchLetters);
    } else if (typed === "" || isWholeCode(typed)) setText(this.#hint, strings.home.codeHint(this.#codeLength));
  }

  /** Of a typed code only who knows how many letters it has can say that it is whole. */
  #submitSoon(): void {
    clearTimeout(this.#autoSubmit);
    const { length } = this.#code.value;
    const isWhole =
      this.#typed?.isEnded === true ? isWholeCode(this.#code.value) : this.#typed !== undefined && length === this.#codeLength;
    if (isWhole) this.#autoSubmit = window.setTimeout(() => this.#submit(), AUTO_SUBMIT_MS);
  }

  #submit(): void {
    // As it was read: longer than others, out of a link to a lobby of another time.
    const code = readLobbyCode(this.#code.value);
    if (this.#isBusy) return;
    if (!isWholeCode(code)) {
      this.#code.setAttribute("aria-invalid", "true");
      this.focusCode();
      return;
    }
    this.#commitName();
    this.#options.onJoin(code, inviteTo(code, this.#invite));
  }

  #ways(): HTMLElement {
    const way = (text: string, hint: string, act: () => void): HTMLElement =>
      element(
        "div",
        { class: "way" },
        element("button", { type: "button", class: "button wide", onclick: () => (this.#commitName(), act()) }, text),
        element("p", { class: "hint" }, hint),
      );
    const unlessBusy = (act: () => void) => (): void => {
      if (!this.#isBusy) act();
    };
    const publicWay = (text: string, act: () => void): HTMLElement =>
      element("button", { type: "button", class: "button quiet small wide", onclick: () => (this.#commitName(), act()) }, text);
    return element(
      "div",
      { class: "ways" },
      way(strings.home.host, strings.home.hostHint, unlessBusy(this.#options.onHost)),
      way(strings.home.play, strings.home.playHint, this.#options.onPlay),
      publicWay(strings.home.quick, unlessBusy(this.#options.onQuick)),
      publicWay(strings.home.list, unlessBusy(this.#options.onList)),
    );
  }

  #openOptions(): void {
    if (this.#isBusy) return;
    this.#commitName();
    this.#options.onOptions();
  }

  #commitName(): void {
    // Whatever was chosen, it is chosen now.
    clearTimeout(this.#autoSubmit);
    this.#profile.commit((name) => this.#options.identity.rename(name));
  }
}

/** The rubber band under the title: it stretches and snaps back once (not with reduced motion, by CSS). */
function bandStroke(): SVGSVGElement {
  return svgElement(
    "svg",
    { class: "band", viewBox: "0 0 400 30", preserveAspectRatio: "none", "aria-hidden": "true", focusable: "false" },
    svgElement("path", { class: "band-glow", d: "M4 12C90 22 290 24 396 9" }),
    svgElement("path", { class: "band-line", d: "M4 12C90 22 290 24 396 9" }),
  );
}
