/** Every limit of the protocol. The broker enforces them; a member that keeps to them is never refused for size. */

/** UTF-8 bytes of one text frame to the broker. An SDP offer is about 1 kB; no command needs more than 16 kB. */
export const frameBytes = 65_536;
/** The same to a member: the largest lobby, of 64 members who each bring three guests, all of them with the largest names and choices, is about 340 kB. */
export const brokerFrameBytes = 524_288;
/** Nesting of a JSON value. */
export const depth = 32;
/** Graphemes are counted by the member; the broker counts UTF-16 units, of which a grapheme may have several. */
export const nameUnits = 64;
/** JSON text of `choices`, `settings`, `metadata`, each. */
export const choicesBytes = 1_024;
export const settingsBytes = 4_096;
export const metadataBytes = 4_096;
/** Players beside a member on one device. */
export const guests = 3;
/** Most members of a lobby, and the most that a lobby may be opened for. */
export const members = 64;
/** Units of a lobby's password, of which the broker sees none. */
export const passwordUnits = 64;
/** JSON text of the `metadata` of a lobby in the public list: what is larger is left out there. At double, a list of many lobbies is more than a frame should be. */
export const listedMetadataBytes = 512;
/** Lobbies of one list; how many there are is told beside it. */
export const listings = 50;
/** Fields that a filter of the list asks for, and the units of each name and text in it. */
export const filterFields = 8;
export const filterUnits = 64;
/** Bans of a lobby; the oldest give way. At half, a host with a stubborn visitor forgets others; at double, a keepsake of the lobby would not fit a frame. */
export const bans = 128;
/** Longest that a ban can be given for; without a time it lasts as long as the lobby. */
export const banMs = 86_400_000;
/** Reservations that a lobby remembers, used ones among them, of which the oldest give way: so that one that was used is of no use again. At half, a busy door forgets them before they end. */
export const reservations = 128;
/** Longest that a seat can be held. */
export const reservationMs = 86_400_000;
export const gameIdUnits = 64;
/** Text that a person typed or pasted as a code: a link is longer than its code. */
export const codeUnits = 2_048;
/** Resume secrets and signaling tokens. */
export const secretUnits = 128;
/** Most that a start may count down. */
export const countdownMs = 60_000;
/** A sentence in an error. */
export const messageUnits = 1_024;
export const iceServers = 16;
/** URLs of one ICE server, and the units of each URL and credential. */
export const iceUrls = 8;
export const iceUnits = 1_024;
/** Characters of a keepsake: must fit into a frame to the broker. A lobby of 8 has about 2,000; one that is larger than this is not kept. */
export const keepsakeUnits = 49_152;
/** Characters of a signed roster: of 64 members, with eight keys and eight departures, about 2,550. */
export const rosterUnits = 3_072;
/** Keys of a broker that are good at one time, and departures that a roster tells the reasons of. */
export const rosterKeys = 8;
export const rosterLeft = 8;
