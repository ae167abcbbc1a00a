import type { LobbyCommand } from "@rollcall/netcode/lobby-protocol";
import type { JoinRequest, Origin } from "./lobby-entrance.ts";
import type { Visitor } from "./lobby-visitor.ts";
import type { Secrets } from "./secrets.ts";

/** A new seat in the making. */
export interface Arrival {
  readonly secret: string;
  readonly seat: Pick<JoinRequest, "secretHash" | "entrance" | "address" | "deviceHash">;
}

/** A new secret, and what the seat keeps of who comes. */
export function arrivalOf(
  secrets: Secrets,
  visitor: Visitor,
  { device, entrance }: Extract<LobbyCommand, { readonly type: "create" | "join" }>,
): Arrival {
  const secret = secrets.newResumeSecret();
  const hashed = entrance === undefined ? null : { id: secrets.hash(entrance.id), attempt: entrance.attempt };
  return { secret, seat: { secretHash: secrets.hash(secret), entrance: hashed, ...originOf(secrets, visitor, device) } };
}

/** What a ban may be of. */
export function originOf(secrets: Secrets, { address }: Visitor, device: string | undefined): Origin {
  return { address, deviceHash: device === undefined ? null : secrets.hash(device) };
}
