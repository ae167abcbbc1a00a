/** Arithmetic and order that are the same, bit for bit, in every engine: for a game's `init`, `step` and `bot`. */
export { exp, log } from "./exponential.ts";
export { FIXED_ONE, divideFixed, fromFixed, multiplyFixed, sqrtFixed, toFixed } from "./fixed-point.ts";
export { hypot } from "./hypotenuse.ts";
export { acos, asin, atan, atan2 } from "./inverse-trigonometry.ts";
export { sortedBy, sortedEntries, sortedKeys, type SortKey } from "./order.ts";
export { pow } from "./power.ts";
export { cos, sin, tan } from "./trigonometry.ts";
