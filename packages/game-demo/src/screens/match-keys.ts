/**
 * Keys of a match that are not the game's: Escape asks to leave, M is told (the arena toggles the sound itself), P stops the game for all or lets it go on, Enter and T open the
 * chat. Returns how to stop.
 */
export function listenMatchKeys(handlers: {
  readonly onEscape: () => void;
  readonly onMuteKey: () => void;
  readonly onPauseKey: () => void;
  /** `key`: Enter is the second player's where two share a keyboard. */
  readonly onChatKey?: (key: "Enter" | "T") => void;
}): () => void {
  const listener = (event: KeyboardEvent): void => {
    if (event.repeat || document.querySelector("dialog[open]") !== null) return;
    if (event.key === "Escape") {
      // The same key press would close again the dialog that it opens.
      event.preventDefault();
      handlers.onEscape();
    }
    if (event.code === "KeyP" && !event.ctrlKey && !event.metaKey) handlers.onPauseKey();
    const isChatKey = event.code === "Enter" || (event.code === "KeyT" && !event.ctrlKey && !event.metaKey && !event.altKey);
    if (isChatKey && !isOnControl(event.target) && handlers.onChatKey !== undefined) {
      // The letter would be the first of the message.
      event.preventDefault();
      handlers.onChatKey(event.code === "Enter" ? "Enter" : "T");
    }
    // After the arena's own listener, whichever of us registered first.
    if (event.code === "KeyM") window.setTimeout(handlers.onMuteKey, 0);
  };
  window.addEventListener("keydown", listener);
  return () => window.removeEventListener("keydown", listener);
}

/** Enter presses what has the focus. */
function isOnControl(target: EventTarget | null): boolean {
  return target instanceof Element && target.closest("button, input, a[href], summary") !== null;
}
