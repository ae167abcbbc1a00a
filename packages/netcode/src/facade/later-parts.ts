import type { CreateDesyncDesk } from "../core/rollback/checksum-watch.ts";
import type { CreateFollowing } from "../core/rollback/following.ts";
import { LaterPart } from "./later-part.ts";

const following = new LaterPart(async () => (await import("../core/rollback/following.ts")).createFollowing);
const desyncDesk = new LaterPart(async () => (await import("../core/rollback/desync-desk.ts")).createDesyncDesk);

/** What follows a match, once it is loaded: who reloads its page or only watches needs it at once. */
export function loadFollowing(): CreateFollowing | undefined {
  return following.get();
}

/** What searches and repairs when states differ, once it is loaded. */
export function loadDesync(): CreateDesyncDesk | undefined {
  return desyncDesk.get();
}
