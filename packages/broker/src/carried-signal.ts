import type { LobbyCode, PeerId } from "@rollcall/netcode/lobby-protocol";

/** A signal on its way to another node. */
export interface CarriedSignal {
  /** Of both ends; `null`: of neither. */
  readonly lobby: LobbyCode | null;
  readonly src: PeerId;
  /** As it will be sent. */
  readonly text: string;
}

const NO_LOBBY = "-";

/** `lobby SP src SP text`: most of what nodes tell each other, so the text stays as it is; JSON would have every quote of it escaped, and read again. Neither a code nor an id has a space. */
export function writeCarriedSignal({ lobby, src, text }: CarriedSignal): string {
  return `${lobby ?? NO_LOBBY} ${src} ${text}`;
}

/** `undefined`: it is another text of a node, which is JSON. */
export function parseCarriedSignal(text: string): CarriedSignal | undefined {
  if (text.startsWith("{")) return undefined;
  const lobbyEnd = text.indexOf(" ");
  const srcEnd = text.indexOf(" ", lobbyEnd + 1);
  if (lobbyEnd < 1 || srcEnd < 0) return undefined;
  const lobby = text.slice(0, lobbyEnd);
  const src = text.slice(lobbyEnd + 1, srcEnd);
  // Of a node of ours, which checked them.
  return { lobby: lobby === NO_LOBBY ? null : (lobby as LobbyCode), src: src as PeerId, text: text.slice(srcEnd + 1) };
}
