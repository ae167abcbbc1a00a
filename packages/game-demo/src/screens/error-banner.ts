import type { NetcodeErrorLike } from "@rollcall/netcode";
import { rubberband } from "../sim/index.ts";
import { element } from "./element.ts";
import { icon } from "./icon.ts";
import { keepFocus, screenHeading } from "./keep-focus.ts";
import { strings } from "./strings.ts";

/** An error as the banner shows it. */
export interface ErrorText {
  readonly code: string;
  readonly message: string;
  readonly remedy: string;
  /** It may be gone once the page is loaded again. */
  readonly reloads: boolean;
}

export interface ErrorWay {
  readonly text: string;
  readonly act: () => void;
}

/** Codes after which the very same attempt may work. */
const RETRYABLE = new Set([
  "LOBBY_FULL",
  "LOBBY_LOCKED",
  "KICKED",
  "RATE_LIMITED",
  "SERVER_FULL",
  "RETRY",
  "BROKER_UNREACHABLE",
  "PEER_UNREACHABLE",
]);

/** Codes that may come of this device's own network. */
const CHECKABLE = new Set(["BROKER_UNREACHABLE", "PEER_UNREACHABLE"]);

/** Reads whatever was thrown. The library's errors carry a sentence and a remedy; anything else gets a general one. */
export function errorText(error: unknown): ErrorText {
  if (isNetcodeError(error)) return { code: error.code, message: error.message, remedy: error.remedy, reloads: isOld(error) };
  return { code: "UNKNOWN", message: strings.error.unknown, remedy: strings.error.unknownRemedy, reloads: false };
}

/** A message that does not block: what went wrong, what to do, and a button for it. Replaced by the next one. */
export class ErrorBanner {
  readonly root: HTMLElement = element("div", { class: "errors" });
  readonly #check: () => void;
  #shown: string | undefined;

  /** `check`: opens the check of the connection. */
  constructor(check: () => void) {
    this.#check = check;
  }

  /** What is shown. */
  get code(): string | undefined {
    return this.#shown;
  }

  /** `retry` is offered where trying again makes sense, `ways` are other things to do in its place, `note` is said after the remedy. */
  show(error: unknown, retry?: () => void, ways: readonly ErrorWay[] = [], note = ""): void {
    const text = errorText(error);
    this.clear();
    this.#shown = text.code;
    const action = this.#action(text, retry);
    const dismiss = { type: "button", class: "icon-button", "aria-label": strings.error.dismiss, onclick: () => this.clear() };
    this.root.append(
      element(
        "div",
        { class: "error panel", role: "alert", "data-testid": "error", "data-code": text.code },
        icon("warning"),
        element("p", {}, element("strong", {}, text.message), " ", text.remedy, note === "" ? "" : ` ${note}`),
        action,
        ...ways.map(({ text: name, act }) =>
          element("button", { type: "button", class: "button small", onclick: () => (this.clear(), act()) }, name),
        ),
        CHECKABLE.has(text.code) ? this.#checkButton() : undefined,
        element("button", dismiss, icon("close")),
      ),
    );
  }

  /** `code`: only where that is what is shown. */
  clear(code?: string): void {
    if (code !== undefined && code !== this.#shown) return;
    this.#shown = undefined;
    keepFocus(this.root, () => this.root.replaceChildren(), screenHeading);
  }

  #checkButton(): HTMLElement {
    return element("button", { type: "button", class: "button small", onclick: () => this.#check() }, strings.check.open);
  }

  #action({ code, reloads }: ErrorText, retry: (() => void) | undefined): HTMLElement | undefined {
    if (reloads) {
      return element("button", { type: "button", class: "button small", onclick: () => location.reload() }, strings.error.reload);
    }
    if (retry === undefined || !RETRYABLE.has(code)) return undefined;
    const again = (): void => (this.clear(), retry());
    return element("button", { type: "button", class: "button small", onclick: again }, strings.error.again);
  }
}

/** One of two pages is old. The code of another game's lobby makes the same error. */
function isOld({ code, expected }: NetcodeErrorLike): boolean {
  return code === "VERSION_MISMATCH" && (expected?.id ?? rubberband.id) === rubberband.id;
}

function isNetcodeError(error: unknown): error is NetcodeErrorLike {
  return (
    error instanceof Error && "code" in error && typeof error.code === "string" && "remedy" in error && typeof error.remedy === "string"
  );
}
