import type { ChatMessage } from "@rollcall/netcode";
import { element } from "./element.ts";
import { lookIcon } from "./look-icon.ts";
import { memberName } from "./room-model.ts";

/** One message: the figure and the name of who wrote it, and the text. */
export function chatLine({ from, text, isOwn }: ChatMessage): HTMLLIElement {
  return element(
    "li",
    { class: `chat-line${isOwn ? " chat-line-own" : ""}`, "data-testid": "chat-line" },
    lookIcon(from.profile.colour),
    // Each text for itself: a name in another script must not turn the words of the message around.
    element("p", {}, element("strong", { dir: "auto" }, memberName(from)), " ", element("span", { dir: "auto" }, text)),
  );
}
