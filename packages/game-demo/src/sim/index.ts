/** Rubberband without pictures: the game itself, for the screens, the tests, Node and workers. */
export { DIRECTION_X, DIRECTION_Y, directionOf } from "./integer.ts";
export type { RubberbandInput } from "./discs.ts";
export { snapAge } from "./discs.ts";
export type { RubberbandEvents } from "./events.ts";
export type { RubberbandResult } from "./game.ts";
export { rubberband, rubberbandInput } from "./game.ts";
export type { Look, LookShape } from "./palette.ts";
export { PALETTE, assignLooks, botName, lookAt } from "./palette.ts";
export type { Tile } from "./platform.ts";
export { TILES, TILE_COUNT, tileAt } from "./platform.ts";
export { compareStanding } from "./rounds.ts";
export * from "./rules.ts";
export type { BotSkill, RubberbandSettings } from "./settings.ts";
export { DEFAULT_SETTINGS, parseSettings } from "./settings.ts";
export type { Disc, MatchFields, RubberbandState } from "./state.ts";
export { NOBODY, PHASE, STATUS, trailX, trailY } from "./state.ts";
export { stepRubberband } from "./step.ts";
