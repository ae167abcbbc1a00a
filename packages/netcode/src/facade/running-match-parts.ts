/** What a running match may need later, as one file: who reloads its page or only watches needs the one at once, where states differ they need the other, and after three seconds every match has both. */
export { createDesyncDesk } from "../core/rollback/desync-desk.ts";
export { createFollowing } from "../core/rollback/following.ts";
