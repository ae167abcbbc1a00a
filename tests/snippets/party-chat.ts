import type { ChatMessage, Lobby, PeerId } from "@rollcall/netcode";

export function showChat(lobby: Pick<Lobby<unknown, {}>, "chat" | "mute" | "isMuted">, list: HTMLElement): void {
  const show = ({ from, text }: ChatMessage): void => {
    const line = document.createElement("p");
    line.textContent = `${from.profile.name}: ${text}`; // another's words: text, never innerHTML
    list.append(line);
  };
  lobby.chat.messages.forEach(show); // the last 100 of this page
  lobby.chat.on("message", show); // our own included
}

export function say(lobby: Pick<Lobby<unknown, {}>, "chat">, input: HTMLInputElement): void {
  if (lobby.chat.send(input.value) !== "rate-limited") input.value = "";
}

export function toggleMute(lobby: Pick<Lobby<unknown, {}>, "mute" | "isMuted">, peerId: PeerId): void {
  lobby.mute(peerId, !lobby.isMuted(peerId));
}
