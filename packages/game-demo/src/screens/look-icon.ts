import { lookAt, type LookShape } from "../sim/index.ts";
import { svgElement } from "./element.ts";

/** Outlines around 0, 0, to be drawn with a stroke of 4 that rounds their corners. */
const OUTLINES: Readonly<Record<LookShape, string>> = {
  circle: "M0-8.6A8.6 8.6 0 1 1 0 8.6A8.6 8.6 0 1 1 0-8.6Z",
  square: "M-7-7H7V7H-7Z",
  triangle: "M0-8.4L8.6 6.6H-8.6Z",
  diamond: "M0-9.4L8.6 0L0 9.4L-8.6 0Z",
  pentagon: "M0-8.8L8.4-2.7L5.2 7.2H-5.2L-8.4-2.7Z",
  star: "M0-9.6L2.9-3.9L9.2-3L4.7 1.5L5.7 7.8L0 4.8L-5.7 7.8L-4.7 1.5L-9.2-3L-2.9-3.9Z",
  hexagon: "M-4.6-8H4.6L9.2 0L4.6 8H-4.6L-9.2 0Z",
  cross: "M-3.2-9.2H3.2V-3.2H9.2V3.2H3.2V9.2H-3.2V3.2H-9.2V-3.2H-3.2Z",
};

/** A player's figure as the arena draws it, small: colour, shape, face. Decoration: the name of the look is said elsewhere. */
export function lookIcon(colour: number, className = "look"): SVGSVGElement {
  const look = lookAt(colour);
  const outline = { d: OUTLINES[look.shape], "stroke-width": "4", "stroke-linejoin": "round" };
  return svgElement(
    "svg",
    { class: className, viewBox: "-12 -12.5 24 26", "aria-hidden": "true", focusable: "false" },
    // The edge below makes it a thick disc, not a flat one.
    svgElement("path", { ...outline, class: "look-edge", fill: look.colour, stroke: look.colour, transform: "translate(0 2)" }),
    svgElement("path", { ...outline, fill: look.colour, stroke: look.colour }),
    svgElement("path", { class: "look-eyes", d: "M-3.1-1.4v.1M3.1-1.4v.1" }),
    svgElement("path", { class: "look-pupils", d: "M-2.8-1.2v.1M3.4-1.2v.1" }),
    svgElement("path", { class: "look-mouth", d: "M-2 2.7Q0 4.5 2 2.7" }),
  );
}
