/** HTML that may be sent: made by `html`, which escapes whatever is put into it. */
export class HtmlText {
  readonly text: string;

  constructor(text: string) {
    this.text = text;
  }
}

/** What stands between the marks is text, however it looks; other `HtmlText`, or several, stay what they are. For the inside of elements and for attributes in double quotes. */
export function html(parts: TemplateStringsArray, ...values: readonly (string | number | HtmlText | readonly HtmlText[])[]): HtmlText {
  const shown = values.map((value) => {
    if (value instanceof HtmlText) return value.text;
    if (typeof value === "string" || typeof value === "number") return escape(String(value));
    return value.map(({ text }) => text).join("");
  });
  return new HtmlText(parts.map((part, index) => part + (shown[index] ?? "")).join(""));
}

const ENTITIES: Readonly<Record<string, string>> = { "&": "&amp;", "<": "&lt;", ">": "&gt;", '"': "&quot;", "'": "&#39;" };

function escape(text: string): string {
  return text.replaceAll(/[&<>"']/g, (character) => ENTITIES[character] ?? "");
}
