import { svgElement } from "./element.ts";

/** 24 × 24 line drawings, stroke only. */
const PATHS = {
  crown: "M4 17h16M4 17L3 7l5 4 4-6 4 6 5-4-1 10",
  check: "M4 12.5l5 5L20 6.5",
  copy: "M9 9h10v11H9zM15 9V4H5v11h4",
  share: "M12 15V4M8 7.5L12 3.5l4 4M5 12v8h14v-8",
  more: "M12 5.5a.6.6 0 1 0 0 .01M12 12a.6.6 0 1 0 0 .01M12 18.5a.6.6 0 1 0 0 .01",
  edit: "M4 20l1-4.5L16 4.5l3.5 3.5L8.5 19z",
  lock: "M6 11h12v9H6zM8.5 11V8a3.5 3.5 0 0 1 7 0v3",
  globe: "M12 3.5a8.5 8.5 0 1 0 0 17 8.5 8.5 0 0 0 0-17zM3.5 12h17M12 3.5c3 3 3 14 0 17M12 3.5c-3 3-3 14 0 17",
  sound: "M4 9.5v5h3.5L12 18.5v-13L7.5 9.5zM16 9a4 4 0 0 1 0 6M18.5 6.5a8 8 0 0 1 0 11",
  muted: "M4 9.5v5h3.5L12 18.5v-13L7.5 9.5zM16 9.5l5 5M21 9.5l-5 5",
  pause: "M8.5 5v14M15.5 5v14",
  play: "M7 4.5l12 7.5-12 7.5z",
  leave: "M10 4H5v16h5M14 8l4 4-4 4M18 12H9",
  invite: "M10 11a3.5 3.5 0 1 0 0-7 3.5 3.5 0 0 0 0 7zM3.5 20c.5-4 3-6 6.5-6s6 2 6.5 6M18.5 8v6M15.5 11h6",
  signal: "M4 20v-4M9.5 20v-8M15 20V8M20.5 20V4",
  dash: "M6 12h12",
  chat: "M4 5h16v11H11l-5 4v-4H4z",
  send: "M4 12L20 4.5 15 20l-3.5-6zM11.5 14L20 4.5",
  silent: "M4 5h16v11H11l-5 4v-4H4zM9.5 8l5 5M14.5 8l-5 5",
  close: "M6 6l12 12M18 6L6 18",
  warning: "M12 4L2.5 20h19zM12 10v4.5M12 17.2v.1",
} as const;

export type IconName = keyof typeof PATHS;

/** A small line drawing. Decoration: the button that holds it has a name of its own. */
export function icon(name: IconName): SVGSVGElement {
  const svg = svgElement("svg", { class: "icon", viewBox: "0 0 24 24", "aria-hidden": "true", focusable: "false" });
  svg.append(svgElement("path", { d: PATHS[name] }));
  return svg;
}
