/** What the guide to lobbies shows, region by region: compiled here, so that it is what the library takes. */
import { defineGame, hostLobby, joinLobby, NetcodeError, quickMatch, watchLobbies, type Member } from "@rollcall/netcode";

const game = defineGame({ id: "reef", version: 1, frameRateHz: 60, players: [2, 4], input: {}, init: () => ({}), step: () => {} });
const opened = (name: string) => hostLobby({ game, name });
type OpenedLobby = Awaited<ReturnType<typeof opened>>;

declare const field: HTMLInputElement;
declare const show: (...parts: readonly unknown[]) => void;
declare const ask: () => string;

export async function codeField(): Promise<void> {
  // #region
  const about = await fetch("https://broker.example/lobby");
  const { codeLength } = await about.json();
  field.addEventListener("input", () => {
    if (field.value.trim().length === codeLength) void joinLobby(field.value, { game, name: "Bob" });
  });
  // #endregion
}

export async function keepOut(lobby: OpenedLobby, member: Member): Promise<void> {
  // #region
  await lobby.kick(member.peerId); // out, and welcome again after ten seconds
  await lobby.ban(member.peerId); // out, and not back in while the lobby lives
  await lobby.ban(member.peerId, { banMs: 600_000 }); // for ten minutes
  for (const ban of await lobby.bans()) show(ban.name, ban.leftMs);
  const [oldest] = await lobby.bans();
  if (oldest !== undefined) await lobby.unban(oldest);
  // #endregion
}

export async function fullLobby(code: string): Promise<void> {
  // #region
  const lobby = await hostLobby({ game, name: "Ada", capacity: 4, audience: 16 }); // 8 when left out; 0 for nobody

  try {
    await joinLobby(code, { game, name: "Bob" });
  } catch (error) {
    const isFull = error instanceof NetcodeError && error.code === "LOBBY_FULL";
    if (isFull) await joinLobby(code, { game, name: "Bob", as: "queue" }); // or "spectator"
  }
  lobby.on("role-changed", (member) => show(member.role)); // undefined: plays; "spectator", "queued"
  await lobby.setRole("spectator");
  // #endregion
}

export async function heldSeats(lobby: OpenedLobby): Promise<void> {
  // #region
  const [forBob, forCyd = ""] = await lobby.reserve({ seats: 2 }); // for ten minutes, or as long as `forMs` says
  show(`https://play.example/#j=${forBob}`); // joinLobby takes it, or the whole link
  lobby.on("change", () => show(lobby.state.door.reserved));
  await lobby.unreserve([forCyd]);
  await lobby.unreserve(); // all that are held
  // #endregion
}

export async function password(code: string): Promise<void> {
  // #region
  const lobby = await hostLobby({ game, name: "Ada", password: "open sesame" });
  await lobby.setPassword(undefined);

  try {
    await joinLobby(code, { game, name: "Bob" });
  } catch (error) {
    const wants = error instanceof NetcodeError && (error.code === "PASSWORD_REQUIRED" || error.code === "WRONG_PASSWORD");
    if (wants) await joinLobby(code, { game, name: "Bob", password: ask() });
  }
  // #endregion
}

export async function inPublic(signal: AbortSignal): Promise<void> {
  // #region
  const lobby = await hostLobby({ game, name: "Ada", listed: true, metadata: { title: "Ada's reef", map: "reef" } });
  await lobby.setListed(false); // by code alone from now on

  const list = await watchLobbies({ game, filter: { joinable: true, metadata: { map: "reef" } } });
  list.on("change", () => show(list.lobbies, list.total));
  const [first] = list.lobbies;
  if (first !== undefined) await joinLobby(first.code, { game, name: "Bob" });
  list.close();

  const found = await quickMatch({ game, name: "Cyd", wanted: { map: "reef" }, signal });
  show(found.code);
  // #endregion
}

export function idleLobby(lobby: OpenedLobby, button: HTMLButtonElement): void {
  // #region
  lobby.on("idle-warning", (closesInMs) => show(`Still there? The lobby closes in ${closesInMs / 60_000} minutes.`));
  button.addEventListener("click", () => void lobby.keepOpen());
  // #endregion
}
