import type { LobbyCommand } from "@rollcall/netcode/lobby-protocol";
import type { RoomCommand } from "./lobby.ts";
import type { JoinRequest, Origin } from "./lobby-entrance.ts";
import type { Visitor } from "./lobby-visitor.ts";
import type { Secrets } from "./secrets.ts";

/** A new seat in the making. */
export interface Arrival {
  readonly secret: string;
  readonly seat: Pick<JoinRequest, "secretHash" | "reservationHash" | "entrance" | "address" | "deviceHash">;
}

/** A new secret, and what the seat keeps of who comes. */
export function arrivalOf(
  secrets: Secrets,
  visitor: Visitor,
  command: Extract<LobbyCommand, { readonly type: "create" | "join" }>,
): Arrival {
  const { device, entrance } = command;
  const reservation = command.type === "join" ? command.reservation : undefined;
  const reservationHash = reservation === undefined ? null : secrets.hash(reservation);
  const secret = secrets.newResumeSecret();
  const hashed = entrance === undefined ? null : { id: secrets.hash(entrance.id), attempt: entrance.attempt };
  return { secret, seat: { secretHash: secrets.hash(secret), reservationHash, entrance: hashed, ...originOf(secrets, visitor, device) } };
}

/** The command as it may be stored: a copy of the store gives no held seats away. */
export function withoutSecrets(secrets: Secrets, command: RoomCommand): RoomCommand {
  if (command.type !== "reserve" && command.type !== "unreserve") return command;
  const { reservations } = command;
  return reservations === undefined ? command : { ...command, reservations: reservations.map((reservation) => secrets.hash(reservation)) };
}

/** What a ban may be of. */
export function originOf(secrets: Secrets, { address }: Visitor, device: string | undefined): Origin {
  return { address, deviceHash: device === undefined ? null : secrets.hash(device) };
}
