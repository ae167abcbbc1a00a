import { LOBBY_LIMITS, shownName, type PlayerProfile, type Profile } from "@rollcall/netcode/lobby-protocol";

/** A profile as others may see it. A name that has nothing to show becomes "Player N" by seat, and a guest's "Guest N". */
export function cleanProfile({ guests, ...player }: Profile, seat: number): Profile {
  const clean = cleanPlayer(player, `Player ${seat + 1}`);
  return guests === undefined || guests.length === 0
    ? clean
    : { ...clean, guests: guests.map((guest, index) => cleanPlayer(guest, `Guest ${index + 1}`)) };
}

/** The same for one player. */
export function cleanPlayer({ name, colour, choices }: PlayerProfile, nameless: string): PlayerProfile {
  const clean = cleanName(name);
  return { name: clean === "" ? nameless : clean, colour, choices };
}

/** A name as others may see it, within the protocol's bound. */
export function cleanName(name: string): string {
  // Composing can lengthen (a few letters decompose for good); a pair cut in half would be a lone surrogate.
  return shownName(name, (shown) => shown.slice(0, LOBBY_LIMITS.nameUnits).replace(/\p{Cs}$/u, ""));
}
