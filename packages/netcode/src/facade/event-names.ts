/** Which events a lobby has, with spaces between them: a type is gone when a program runs. A test holds both to each other. */
export const LOBBY_EVENTS =
  "blob broker-back broker-lost change closed host-changed idle-warning match member-disconnected member-gone member-joined member-left member-returned peer-unreachable role-changed";

/** Which events a match has. */
export const MATCH_EVENTS =
  "conflicting-input desync-evidence desync-persists desync dropped ended game paused recovered repaired resumed role seat-to-bot seat-to-player suspect synchronized waiting-for-quorum";
