import { LOBBY_LIMITS } from "@rollcall/netcode/lobby-protocol";
import { element } from "./element.ts";

/** A field for a lobby's password. It is read out to friends and typed on phones: what is typed is shown, and browsers keep none of it. */
export function passwordField(id: string, value: string): HTMLInputElement {
  return element("input", {
    id,
    class: "field",
    type: "text",
    value,
    maxlength: String(LOBBY_LIMITS.passwordUnits),
    autocomplete: "off",
    autocapitalize: "off",
    autocorrect: "off",
    spellcheck: "false",
    enterkeyhint: "go",
  });
}
