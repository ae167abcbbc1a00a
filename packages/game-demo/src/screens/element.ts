/** What `element` sets: listeners under `onclick` and the like, everything else as an attribute; `false` and `undefined` set nothing. */
export type Attributes = Readonly<Record<string, string | boolean | ((event: Event) => void) | undefined>>;

/** Strings become text nodes, so that a name from another player can never become markup. */
export type Child = Node | string | undefined;

/** Creates an HTML element: `element("p", { class: "hint" }, "Hello")`. */
export function element<Tag extends keyof HTMLElementTagNameMap>(
  tag: Tag,
  attributes: Attributes = {},
  ...children: readonly Child[]
): HTMLElementTagNameMap[Tag] {
  const node = document.createElement(tag);
  decorate(node, attributes, children);
  return node;
}

/** Creates an SVG element, as `element` does. */
export function svgElement<Tag extends keyof SVGElementTagNameMap>(
  tag: Tag,
  attributes: Attributes = {},
  ...children: readonly Child[]
): SVGElementTagNameMap[Tag] {
  const node = document.createElementNS("http://www.w3.org/2000/svg", tag);
  decorate(node, attributes, children);
  return node;
}

/** Sets the text when it differs: a screen reader repeats a live region whose text is written again. */
export function setText(node: Element, text: string): void {
  if (node.textContent !== text) node.textContent = text;
}

function decorate(node: Element, attributes: Attributes, children: readonly Child[]): void {
  for (const [name, value] of Object.entries(attributes)) {
    if (typeof value === "function") node.addEventListener(name.slice(2), value);
    else if (value === true) node.setAttribute(name, "");
    else if (typeof value === "string") node.setAttribute(name, value);
  }
  for (const child of children) if (child !== undefined) node.append(child);
}
