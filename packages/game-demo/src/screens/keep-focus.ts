/** Makes `change`; where it takes from `root` what had the focus, `instead` gets it: without, a keyboard begins at the top of the page again, and a screen reader falls silent. */
export function keepFocus(root: HTMLElement, change: () => void, instead: () => HTMLElement | null): void {
  const focused = document.activeElement;
  const hadFocus = root.contains(focused);
  change();
  if (hadFocus && !isShown(focused)) instead()?.focus({ preventScroll: true });
}

/** The heading of the screen that is up. */
export function screenHeading(): HTMLElement | null {
  return document.querySelector<HTMLElement>(".place h1");
}

function isShown(node: Element | null): boolean {
  return node !== null && node.isConnected && node.getClientRects().length > 0;
}
