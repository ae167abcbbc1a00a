import { encode } from "uqr";
import { svgElement } from "./element.ts";

/** Light border around the code, in modules: the standard asks for four, cameras are content with two on a white card. */
const QUIET_MODULES = 2;

/** Draws `text` as a QR code, on this device: no picture service learns the link. `label`: for screen readers. */
export function qrCode(text: string, label: string): SVGSVGElement {
  const { data, size } = encode(text, { ecc: "M", border: QUIET_MODULES });
  let path = "";
  data.forEach((row, y) =>
    row.forEach((dark, x) => {
      if (dark) path += `M${x} ${y}h1v1h-1z`;
    }),
  );
  return svgElement(
    "svg",
    { class: "qr", viewBox: `0 0 ${size} ${size}`, role: "img", "aria-label": label, "shape-rendering": "crispEdges" },
    svgElement("rect", { width: "100%", height: "100%", fill: "#fff" }),
    svgElement("path", { d: path, fill: "#0b0d1a" }),
  );
}
