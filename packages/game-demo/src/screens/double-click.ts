/**
 * Keeps the second half of a double click from what came to lie under the pointer meanwhile: whoever double-clicks a row of a list means the row, not the button below the dialog that the
 * first click closed. What is clicked twice itself still gets both. Returns how to stop.
 */
export function guardDoubleClicks(): () => void {
  const stop = new AbortController();
  let first: Element | null = null;
  const handle = (event: MouseEvent): void => {
    const control = event.target instanceof Element ? event.target.closest("button, label, summary, a[href]") : null;
    // One for a first click, and zero for a press by keyboard.
    if (event.detail < 2) first = control;
    else if (control !== first) {
      event.preventDefault();
      event.stopPropagation();
    }
  };
  window.addEventListener("click", handle, { capture: true, signal: stop.signal });
  return () => stop.abort();
}
