import { copyText } from "../net/clipboard.ts";
import type { Announcer } from "./announcer.ts";
import { element, setText } from "./element.ts";
import { icon } from "./icon.ts";
import { spellCode } from "./lobby-code-text.ts";
import { qrCode } from "./qr-code.ts";
import { strings } from "./strings.ts";

/** "Copied" stays long enough to be read after looking up from the finger. */
const COPIED_MS = 2_000;

export interface InviteCardOptions {
  /** Left out where the code alone is not what is handed on. */
  readonly code?: string;
  readonly link: string;
  /** True when `link` can be opened on this computer only. */
  readonly localOnly: boolean;
  readonly announcer: Announcer;
  /** The room has the code under its test id; a dialog over the match shows it once more, without. */
  readonly testId?: string;
}

/** The code in big letters, the link, and the ways to hand them on. */
export function inviteCard(options: InviteCardOptions): HTMLElement {
  const { code, link, announcer } = options;
  return element(
    "div",
    { class: "invite" },
    code === undefined ? undefined : codeLetters(code, options.testId),
    element(
      "div",
      { class: "invite-buttons" },
      code === undefined ? undefined : copyButton(strings.room.copyCode, code, announcer),
      copyButton(strings.room.copyLink, link, announcer),
      shareButton(link),
    ),
    element(
      "details",
      // Folded on a phone, where it would push the seats off the screen.
      { class: "invite-qr", open: window.matchMedia("(min-width: 760px)").matches },
      element("summary", {}, strings.room.qrShow),
      qrCode(link, strings.room.qr),
      element("p", { class: "hint" }, strings.room.qrHint, element("span", { class: "link-text" }, link.replace(/^https?:\/\//, ""))),
    ),
    options.localOnly ? element("p", { class: "hint warning" }, icon("warning"), strings.room.localOnly) : undefined,
  );
}

/** The bare code as text, spaced by CSS alone, and spelled out for screen readers. */
function codeLetters(code: string, testId: string | undefined): HTMLElement {
  const letters = element("span", { class: "code-letters", "aria-hidden": "true", "data-testid": testId });
  letters.append(element("span", {}, code.slice(0, 3)), element("span", {}, code.slice(3)));
  return element("p", { class: "code" }, letters, element("span", { class: "visually-hidden" }, strings.room.spelled(spellCode(code))));
}

function copyButton(text: string, copied: string, announcer: Announcer): HTMLElement {
  const label = element("span", {}, text);
  let timer: number | undefined;
  const copy = async (): Promise<void> => {
    const done = await copyText(copied);
    const message = done ? strings.room.copied : strings.room.copyFailed;
    setText(label, message);
    button.classList.toggle("done", done);
    announcer.say(message);
    window.clearTimeout(timer);
    timer = window.setTimeout(() => {
      setText(label, text);
      button.classList.remove("done");
    }, COPIED_MS);
  };
  const button = element("button", { type: "button", class: "button small", onclick: () => void copy() }, icon("copy"), label);
  return button;
}

function shareButton(link: string): HTMLElement | undefined {
  // Absent on plain http and on most desktops.
  if (typeof navigator.share !== "function") return undefined;
  const share = (): void => {
    navigator.share({ title: strings.title, text: strings.room.shareText, url: link }).catch(() => {
      // The person closed the share sheet.
    });
  };
  return element("button", { type: "button", class: "button small", onclick: share }, icon("share"), strings.room.share);
}
