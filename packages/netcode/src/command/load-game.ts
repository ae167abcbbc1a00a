import { resolve } from "node:path";
import { pathToFileURL } from "node:url";
import type { Game } from "../core/game/game.ts";
import type { InputSchema } from "../core/game/input-schema.ts";
import { messageOf } from "./wording.ts";

export type AnyGame = Game<unknown, InputSchema>;

/** The game that `text` names, `MODULE#export`; a sentence when there is none. */
export async function loadGame(text: string): Promise<AnyGame | string> {
  const at = text.lastIndexOf("#");
  const [module, name] = at < 0 ? [text, "default"] : [text.slice(0, at), text.slice(at + 1)];
  // A path, or the name of a package.
  const specifier = /^[./]|\.[cm]?[jt]s$/.test(module) ? pathToFileURL(resolve(module)).href : module;
  try {
    const exports: Readonly<Record<string, unknown>> = await import(specifier);
    const game = exports[name];
    return isGame(game) ? game : `${module} has no game by the name "${name}": --game MODULE#export names what defineGame returned.`;
  } catch (error) {
    return loadFailure(module, error);
  }
}

/** Why `module` cannot be loaded, as a sentence. Most games are TypeScript, which older Nodes do not read. */
export function loadFailure(module: string, error: unknown): string {
  const isUnread = error instanceof Error && "code" in error && error.code === "ERR_UNKNOWN_FILE_EXTENSION";
  const hint = isUnread ? ". With tsx Node reads TypeScript: npx tsx node_modules/.bin/rollcall … (or …/rollcall-bot)" : "";
  return `${module} cannot be loaded: ${messageOf(error)}${hint}`;
}

/** What `defineGame` returns has a content hash; the command trusts the module for the rest, whose code it runs. */
function isGame(value: unknown): value is AnyGame {
  return typeof value === "object" && value !== null && "contentHash" in value && "inputCodec" in value && "step" in value;
}
