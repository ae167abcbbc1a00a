import type { HostRequest } from "../net/gateway.ts";
import { openDialog } from "./dialog.ts";
import { element } from "./element.ts";
import { passwordField } from "./password-field.ts";
import { strings } from "./strings.ts";
import { SwitchRow } from "./switch-row.ts";

/** Who can come into a lobby that is not open yet, and how. */
export type HostChoice = { readonly [Name in "listed" | "password" | "relayOnly"]: NonNullable<HostRequest[Name]> };

export const PRIVATE_LOBBY: HostChoice = { listed: false, password: "", relayOnly: false };

/** Asks what kind of lobby it should be, beginning with `choice`. */
export function openHostOptions(choice: HostChoice, onHost: (choice: HostChoice) => void): void {
  const text = strings.hosting;
  const password = passwordField("host-password", choice.password);
  password.setAttribute("aria-describedby", "host-password-hint");
  const listed = new SwitchRow("host-listed-hint", text.listed, text.listedHint, choice.listed);
  const relayOnly = new SwitchRow("host-relay-hint", text.relayOnly, text.relayOnlyHint, choice.relayOnly);
  const host = (): void => onHost({ listed: listed.isOn, password: password.value, relayOnly: relayOnly.isOn });
  const form = element(
    "form",
    { class: "options" },
    listed.root,
    element(
      "div",
      { class: "option" },
      element("label", { class: "label", for: password.id }, text.password),
      password,
      element("p", { class: "hint", id: "host-password-hint" }, text.passwordHint),
    ),
    relayOnly.root,
  );
  const close = openDialog({
    title: text.heading,
    body: [form],
    actions: [
      { text: strings.home.cancel, className: "button quiet" },
      { text: text.open, className: "button primary", act: host },
    ],
  });
  form.addEventListener("submit", (event) => {
    event.preventDefault();
    close();
    host();
  });
}
