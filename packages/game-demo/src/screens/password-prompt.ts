import { openDialog } from "./dialog.ts";
import { element, setText } from "./element.ts";
import { errorText } from "./error-banner.ts";
import { passwordField } from "./password-field.ts";
import { strings } from "./strings.ts";

export interface PasswordPromptOptions {
  readonly code: string;
  /** Joins with what was typed. Aborted when the prompt is closed; rejects with why it did not work. */
  readonly join: (password: string, signal: AbortSignal) => Promise<void>;
  /** The password was right, but there is no seat: the prompt is closed. */
  readonly onFull: (error: unknown) => void;
}

/** Asks for the password of a lobby until one is right or the person gives up. What was typed stays, to be mended. */
export function openPasswordPrompt({ code, join, onFull }: PasswordPromptOptions): void {
  const text = strings.prompt;
  const field = passwordField("join-password", "");
  const problem = element("p", { class: "problem", id: "join-password-problem", role: "alert" });
  const submit = element("button", { type: "submit", class: "button primary" }, text.join);
  const cancel = element("button", { type: "button", class: "button quiet", onclick: () => close() }, strings.home.cancel);
  let attempt: AbortController | undefined;
  const setBusy = (busy: boolean): void => {
    submit.setAttribute("aria-disabled", String(busy));
    setText(submit, busy ? text.joining : text.join);
  };
  const tell = (error: unknown): void => {
    const { code: cause, message, remedy } = errorText(error);
    if (cause === "LOBBY_FULL") {
      close();
      return onFull(error);
    }
    setText(problem, `${message} ${remedy}`);
    problem.dataset["code"] = cause;
    if (cause === "WRONG_PASSWORD") field.setAttribute("aria-invalid", "true");
    field.focus();
    field.select();
  };
  const send = async (): Promise<void> => {
    if (attempt !== undefined || field.value === "") return field.focus();
    const running = new AbortController();
    attempt = running;
    setText(problem, "");
    field.removeAttribute("aria-invalid");
    setBusy(true);
    try {
      await join(field.value, running.signal);
    } catch (error) {
      if (!running.signal.aborted) tell(error);
    } finally {
      attempt = undefined;
      setBusy(false);
    }
  };
  const form = element(
    "form",
    { class: "options", novalidate: true },
    element("div", { class: "option" }, element("label", { class: "label", for: field.id }, text.label), field, problem),
    element("div", { class: "dialog-actions" }, cancel, submit),
  );
  form.addEventListener("submit", (event) => {
    event.preventDefault();
    void send();
  });
  field.setAttribute("aria-describedby", problem.id);
  const close = openDialog({ title: text.heading(code), body: [form], onClose: () => attempt?.abort() });
  field.focus();
}
