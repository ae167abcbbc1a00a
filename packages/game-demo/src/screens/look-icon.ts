import { lookAt, type LookShape } from "../sim/index.ts";
import { svgElement } from "./element.ts";

/** Outlines around 0, 0, about 6 units in radius. */
const OUTLINES: Readonly<Record<LookShape, string>> = {
  circle: "M0-5A5 5 0 1 1 0 5A5 5 0 1 1 0-5Z",
  square: "M-4.6-4.6H4.6V4.6H-4.6Z",
  triangle: "M0-6.2L5.6 3.8H-5.6Z",
  diamond: "M0-6.4L5 0L0 6.4L-5 0Z",
  pentagon: "M0-6L5.7-1.9L3.5 4.9H-3.5L-5.7-1.9Z",
  star: "M0-6.8L1.9-2.4L6.6-2.1L3 .9L4.1 5.5L0 3L-4.1 5.5L-3 .9L-6.6-2.1L-1.9-2.4Z",
  hexagon: "M-3-5.2H3L6 0L3 5.2H-3L-6 0Z",
  cross: "M-1.9-6H1.9V-1.9H6V1.9H1.9V6H-1.9V1.9H-6V-1.9H-1.9Z",
};

/** A disc as the arena draws it, small: its colour, its shape inside. Decoration: the name of the look is said elsewhere. */
export function lookIcon(colour: number, className = "look"): SVGSVGElement {
  const look = lookAt(colour);
  return svgElement(
    "svg",
    { class: className, viewBox: "-12 -12 24 24", "aria-hidden": "true", focusable: "false" },
    svgElement("circle", { r: "11", fill: look.colour }),
    svgElement("path", { d: OUTLINES[look.shape], fill: "#0b0d1a", "fill-opacity": "0.82" }),
  );
}
