/** The files in `deploy/`, read as compose reads them, with the values of `example.env`. */
import { readFileSync } from "node:fs";
import { parse } from "yaml";

export interface ComposeService {
  readonly image?: string;
  readonly build?: { readonly context: string; readonly dockerfile: string };
  readonly command?: string | readonly string[];
  readonly entrypoint?: readonly string[];
  readonly logging?: { readonly driver: string };
  readonly volumes?: readonly string[];
  readonly environment?: Readonly<Record<string, string>>;
  readonly networks?: readonly string[];
  readonly stop_grace_period?: string;
}

export const readDeployFile = (name: string): string => readFileSync(new URL(`../../../deploy/${name}`, import.meta.url), "utf8");

/** `example.env`, and what it leaves to whoever runs it. */
export const DEPLOY_ENVIRONMENT: Readonly<Record<string, string>> = {
  ...Object.fromEntries(
    readDeployFile("example.env")
      .split("\n")
      .filter((line) => /^[A-Z_]+=/.test(line))
      .map((line) => line.split("=", 2) as [string, string]),
  ),
  TURN_SECRET: "0123456789abcdefghijklmnopqrstuvwxyz",
};

/** `${NAME:?what is missing}` must be there, `${NAME:-}` need not. */
function filled(text: string): string {
  return text.replaceAll(/\$\{([A-Z_]+)(:\?[^}]*|:-)?\}/g, (_, name: string, rest = "") => {
    const value = DEPLOY_ENVIRONMENT[name];
    if (value === undefined || (value === "" && rest !== ":-")) throw new Error(`${name} is not in example.env`);
    return value;
  });
}

export const COMPOSE_SERVICES: Readonly<Record<string, ComposeService>> = (
  parse(filled(readDeployFile("compose.yaml")), { merge: true }) as { readonly services: Readonly<Record<string, ComposeService>> }
).services;
