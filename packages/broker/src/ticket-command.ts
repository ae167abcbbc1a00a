import { parseArgs } from "node:util";
import { parsePeerId } from "@rollcall/netcode/lobby-protocol";
import { KeyRing, parseSigningKeys, SIGNED_LIFE_MS, SIGNING_KEY_UNITS_MIN } from "./key-ring.ts";
import { readInteger, readText } from "./setting.ts";
import type { TicketOptions } from "./tickets.ts";

export type TicketCommand =
  | { readonly kind: "ticket"; readonly options: TicketOptions }
  /** `message` says what was expected. */
  | { readonly kind: "refused"; readonly message: string };

const USAGE = "expected rollcall-broker ticket PEER_ID [--life SECONDS] [--ticket-secret-file FILE]";
const LIFE_SECONDS_MAX = SIGNED_LIFE_MS / 1_000;

/** What stands behind `rollcall-broker ticket`: a ticket as a game's own server would make it, for trying. The secret comes from where the broker has it. */
export function readTicketCommand(args: readonly string[], environment: Readonly<Record<string, string | undefined>>): TicketCommand {
  const read = parsed(args);
  const [peerId = "", ...others] = read?.positionals ?? [];
  if (read === undefined || parsePeerId(peerId) === undefined || others.length > 0) return { kind: "refused", message: USAGE };
  const { life = "300", ...given } = read.values;
  const seconds = readInteger(life, LIFE_SECONDS_MAX) ?? 0;
  if (seconds === 0) return { kind: "refused", message: `--life: expected seconds, 1 to ${LIFE_SECONDS_MAX}` };
  const path = given["ticket-secret-file"] ?? environment["ROLLCALL_TICKET_SECRET_FILE"];
  const text = given["ticket-secret"] ?? environment["ROLLCALL_TICKET_SECRET"] ?? "";
  const secret = path === undefined ? text : newestIn(path);
  if (secret.length >= SIGNING_KEY_UNITS_MIN) return { kind: "ticket", options: { secret, peerId, lifeMs: seconds * 1_000 } };
  return { kind: "refused", message: `--ticket-secret-file: expected a file with at least ${SIGNING_KEY_UNITS_MIN} characters` };
}

function newestIn(path: string): string {
  const keys = parseSigningKeys(readText(path) ?? "", Date.now());
  return keys === undefined ? "" : Buffer.from(new KeyRing(() => keys, Date.now).current.bytes).toString();
}

function parsed(
  args: readonly string[],
): { readonly values: Readonly<Record<string, string | undefined>>; readonly positionals: readonly string[] } | undefined {
  const text = { type: "string" } as const;
  try {
    return parseArgs({
      args: [...args],
      strict: true,
      allowPositionals: true,
      options: { life: text, "ticket-secret": text, "ticket-secret-file": text },
    });
  } catch {
    return undefined;
  }
}
