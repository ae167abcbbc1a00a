import { AUTO, CANVAS, WEBGL } from "phaser";
import type { ArenaOptions } from "./arena-types.ts";
import { LEVEL_HIGH, LEVEL_LOW, Quality } from "./quality.ts";

/** Names that drivers give to WebGL drawn by the CPU, where Phaser's canvas renderer is two to four times as fast. */
const SOFTWARE = /swiftshader|llvmpipe|software|basic render/i;

/** Renderer and quality to start with. `auto` looks for a graphics card first; without one it is `off`. */
export function chooseFx(fx: ArenaOptions["fx"]): { readonly renderer: number; readonly quality: Quality } {
  if (fx === "high") return { renderer: AUTO, quality: new Quality(LEVEL_HIGH, false) };
  if (fx === "low") return { renderer: AUTO, quality: new Quality(LEVEL_LOW, true) };
  if (fx === "auto" && hasGraphicsCard()) return { renderer: WEBGL, quality: new Quality(LEVEL_HIGH, true) };
  return { renderer: CANVAS, quality: new Quality(LEVEL_LOW, true) };
}

function hasGraphicsCard(): boolean {
  const gl = document.createElement("canvas").getContext("webgl", { failIfMajorPerformanceCaveat: true });
  if (gl === null) return false;
  const info = gl.getExtension("WEBGL_debug_renderer_info");
  const name: unknown = info === null ? "" : gl.getParameter(info.UNMASKED_RENDERER_WEBGL);
  gl.getExtension("WEBGL_lose_context")?.loseContext();
  return typeof name !== "string" || !SOFTWARE.test(name);
}
