import { element } from "./element.ts";
import { icon } from "./icon.ts";
import { screenHeading } from "./keep-focus.ts";
import { strings } from "./strings.ts";

export interface DialogOptions {
  readonly title: string;
  readonly body: readonly Node[];
  /** Buttons of the last line; each closes the dialog before it acts. Without any there is a close button in the corner. */
  readonly actions?: readonly { readonly text: string; readonly className?: string; readonly act?: () => void }[];
  readonly onClose?: () => void;
  /** Beside "dialog panel". */
  readonly className?: string;
}

/** Opens a modal dialog over everything, in the place of one that is open; returns how to close it. The browser keeps the focus inside, takes Escape, and gives the focus back. */
export function openDialog(options: DialogOptions): () => void {
  closeDialogs();
  const title = element("h2", { id: "dialog-title", tabindex: "-1" }, options.title);
  const dialog = element(
    "dialog",
    { class: `dialog panel ${options.className ?? ""}`.trim(), "aria-labelledby": "dialog-title" },
    title,
    ...options.body,
  );
  const close = (): void => dialog.close();
  const buttons = (options.actions ?? []).map(({ text, className, act }) => {
    const press = (): void => {
      close();
      act?.();
    };
    return element("button", { type: "button", class: className ?? "button", onclick: press }, text);
  });
  if (buttons.length > 0) dialog.append(element("div", { class: "dialog-actions" }, ...buttons));
  else {
    const corner = { type: "button", class: "icon-button dialog-close", "aria-label": strings.room.close, onclick: close };
    dialog.append(element("button", corner, icon("close")));
  }
  // The backdrop belongs to the dialog element itself: only a press outside of its content has the dialog as target.
  // The second press of a double click was meant for the button that opened it.
  dialog.addEventListener("mousedown", (event) => {
    if (event.target === dialog && event.detail < 2 && isOutside(dialog, event)) close();
  });
  dialog.addEventListener("close", () => {
    dialog.remove();
    // What opened it is gone meanwhile.
    if (document.activeElement === document.body) screenHeading()?.focus({ preventScroll: true });
    options.onClose?.();
  });
  // Keys typed in a dialog are not for the game below.
  dialog.addEventListener("keydown", (event) => event.stopPropagation());
  document.body.append(dialog);
  dialog.showModal();
  // The browser would focus the first button, which may be the one that does harm.
  title.focus();
  return close;
}

/** Closes whatever dialog is open: the screen below it is going away. False when none is open. */
export function closeDialogs(): boolean {
  const dialogs = document.querySelectorAll<HTMLDialogElement>("dialog[open]");
  for (const dialog of dialogs) dialog.close();
  return dialogs.length > 0;
}

function isOutside(dialog: HTMLDialogElement, event: MouseEvent): boolean {
  const box = dialog.getBoundingClientRect();
  return event.clientX < box.left || event.clientX > box.right || event.clientY < box.top || event.clientY > box.bottom;
}
