import type { CreateDesyncDesk } from "../core/rollback/checksum-watch.ts";
import type { CreateFollowing } from "../core/rollback/following.ts";
import { LaterPart } from "./later-part.ts";

const parts = new LaterPart(() => import("./running-match-parts.ts"));

/** What follows a match, once it is loaded: who reloads its page or only watches needs it at once. */
export function loadFollowing(): CreateFollowing | undefined {
  return parts.get()?.createFollowing;
}

/** What searches and repairs when states differ, once it is loaded. */
export function loadDesync(): CreateDesyncDesk | undefined {
  return parts.get()?.createDesyncDesk;
}

/** Both, before somebody needs them. */
export function loadLaterParts(): void {
  parts.get();
}
