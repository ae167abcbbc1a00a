import type { InitContext } from "@rollcall/netcode/core";
import { PLAYERS_MAX, PLAYERS_MIN } from "./rules.ts";

/** JSON as a lobby carries it. */
type Json = InitContext["settings"];

/** How well bots play. `mixed` gives each bot a level of its own, from the seed. */
export type BotSkill = "easy" | "normal" | "hard" | "mixed";

/** What the host chooses for a match. */
export interface RubberbandSettings {
  /** Most rounds: 1, 3 or 5. A player with more than half of them wins at once. */
  readonly rounds: 1 | 3 | 5;
  /** Seats of a match, 2–8; what people do not take, bots do. Read by the screens, which start the match. */
  readonly seats: number;
  readonly botSkill: BotSkill;
}

export const DEFAULT_SETTINGS: RubberbandSettings = { rounds: 5, seats: 6, botSkill: "mixed" };

/** Reads settings that came over the network: whatever is missing or nonsense becomes the default. */
export function parseSettings(json: Json): RubberbandSettings {
  const fields =
    typeof json === "object" && json !== null && !Array.isArray(json) ? new Map(Object.entries(json)) : new Map<string, Json>();
  return {
    rounds: parseRounds(fields.get("rounds")),
    seats: parseSeats(fields.get("seats")),
    botSkill: parseSkill(fields.get("botSkill")),
  };
}

function parseRounds(value: unknown): RubberbandSettings["rounds"] {
  return value === 1 || value === 3 || value === 5 ? value : DEFAULT_SETTINGS.rounds;
}

function parseSeats(value: unknown): number {
  const known = typeof value === "number" && Number.isInteger(value) && value >= PLAYERS_MIN && value <= PLAYERS_MAX;
  return known ? value : DEFAULT_SETTINGS.seats;
}

function parseSkill(value: unknown): BotSkill {
  return value === "easy" || value === "normal" || value === "hard" || value === "mixed" ? value : DEFAULT_SETTINGS.botSkill;
}
