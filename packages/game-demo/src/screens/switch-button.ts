import { element } from "./element.ts";
import { icon, type IconName } from "./icon.ts";

/** Something that is on or off; `aria-checked` says which, and is the caller's to set. */
export function switchButton(name: IconName, text: string, hint: string, act: () => void): HTMLButtonElement {
  return element(
    "button",
    { type: "button", role: "switch", class: "switch", title: hint, "aria-checked": "false", onclick: act },
    icon(name),
    element("span", {}, text),
    element("span", { class: "switch-knob", "aria-hidden": "true" }),
  );
}
