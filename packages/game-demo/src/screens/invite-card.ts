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
  const text = strings.room;
  const details = element(
    "details",
    // Folded on a phone, where it would push the seats off the screen.
    { class: "invite-qr", open: window.matchMedia("(min-width: 760px)").matches },
    element("summary", {}, text.qrShow),
    qrCode(link, text.qr),
    element("p", { class: "hint" }, text.qrHint, element("span", { class: "link-text" }, link.replace(/^https?:\/\//, ""))),
  );
  const letters = code === undefined ? undefined : codeLetters(code, options.testId);
  const selectCode = (): void => select(letters?.querySelector(".code-letters"));
  const selectLink = (): void => {
    // What is to be copied by hand has to be seen.
    details.open = true;
    select(details.querySelector(".link-text"));
  };
  return element(
    "div",
    { class: "invite" },
    letters,
    element(
      "div",
      { class: "invite-buttons" },
      code === undefined
        ? undefined
        : copyButton({ text: text.copyCode, copied: code, failed: text.copyCodeFailed, announcer, onFailed: selectCode }),
      copyButton({ text: text.copyLink, copied: link, failed: text.copyLinkFailed, announcer, onFailed: selectLink }),
      shareButton(link),
    ),
    details,
    options.localOnly ? element("p", { class: "hint warning" }, icon("warning"), strings.room.localOnly) : undefined,
  );
}

/** The bare code as text, spaced by CSS alone, and spelled out for screen readers. */
function codeLetters(code: string, testId: string | undefined): HTMLElement {
  const letters = element("span", { class: "code-letters", "aria-hidden": "true", "data-testid": testId });
  letters.append(element("span", {}, code.slice(0, 3)), element("span", {}, code.slice(3)));
  // As large as they fit beside each other.
  letters.style.setProperty("--letters", String(code.length));
  return element("p", { class: "code" }, letters, element("span", { class: "visually-hidden" }, strings.room.spelled(spellCode(code))));
}

interface CopyButtonOptions {
  readonly text: string;
  readonly copied: string;
  /** What it says where the browser lets nothing be copied. */
  readonly failed: string;
  readonly announcer: Announcer;
  /** Selects it, so that it can be copied by hand. */
  readonly onFailed: () => void;
}

function copyButton({ text, copied, failed, announcer, onFailed }: CopyButtonOptions): HTMLElement {
  const label = element("span", {}, text);
  let timer: number | undefined;
  const copy = async (): Promise<void> => {
    const done = await copyText(copied);
    const hasMouse = window.matchMedia("(pointer: fine)").matches;
    const message = done ? strings.room.copied : hasMouse ? strings.room.copySelected : failed;
    if (!done) onFailed();
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

function select(node: Element | null | undefined): void {
  if (node !== null && node !== undefined) window.getSelection()?.selectAllChildren(node);
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
