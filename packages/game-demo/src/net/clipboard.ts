/** Puts text on the clipboard; false when the browser lets us do it neither way. Call it from a click. */
export async function copyText(text: string): Promise<boolean> {
  // Absent on plain http, where phones on the LAN are.
  const clipboard: Clipboard | undefined = navigator.clipboard;
  if (clipboard !== undefined) {
    try {
      await clipboard.writeText(text);
      return true;
    } catch {
      // Refused (no permission, or the page lost focus): the old way may still work.
    }
  }
  return copyBySelection(text);
}

function copyBySelection(text: string): boolean {
  const active = document.activeElement;
  // Inside an open dialog, since everything else is inert and cannot be selected.
  const parent = document.querySelector("dialog[open]") ?? document.body;
  const area = document.createElement("textarea");
  area.value = text;
  area.readOnly = true;
  area.style.cssText = "position:fixed;inset:0 auto auto 0;opacity:0;font-size:16px";
  parent.append(area);
  area.select();
  // Deprecated, and still the only way without a secure context.
  const copied = document.execCommand("copy");
  area.remove();
  if (active instanceof HTMLElement) active.focus();
  return copied;
}
