/** Keys of a match that are not the game's: Escape asks to leave, M is told (the arena toggles the sound itself), P stops the game for all or lets it go on. Returns how to stop. */
export function listenMatchKeys(handlers: {
  readonly onEscape: () => void;
  readonly onMuteKey: () => void;
  readonly onPauseKey: () => void;
}): () => void {
  const listener = (event: KeyboardEvent): void => {
    if (event.repeat || document.querySelector("dialog[open]") !== null) return;
    if (event.key === "Escape") {
      // The same key press would close again the dialog that it opens.
      event.preventDefault();
      handlers.onEscape();
    }
    if (event.code === "KeyP" && !event.ctrlKey && !event.metaKey) handlers.onPauseKey();
    // After the arena's own listener, whichever of us registered first.
    if (event.code === "KeyM") window.setTimeout(handlers.onMuteKey, 0);
  };
  window.addEventListener("keydown", listener);
  return () => window.removeEventListener("keydown", listener);
}
