/**
 * Every limit of the broker, in one table; each is a setting (`limits`). What a frame may hold is the protocol's (`LOBBY_LIMITS`).
 * A page of a game opens two sockets: one for its lobby, one for signaling.
 */
export interface BrokerLimits {
  /** Messages of one socket, each started 4 KiB of it counted: what is above is read later, not lost. Joining a full lobby of 64 sends about 450 signals. Pings and pongs count apart, and end the socket. */
  readonly messagesPerSecond: number;
  readonly messageBurst: number;
  /** Messages that wait for their turn; a socket that pushes more is closed. */
  readonly queuedMessages: number;
  /** What waits to be read by a slow reader, who is then dropped. */
  readonly sendBufferBytes: number;
  /** The same for all sockets together, looked at once a second: whoever has read least is dropped first. */
  readonly sendBuffersBytes: number;
  /** Messages that are not of the protocol before the socket is closed. */
  readonly refusedMessages: number;
  /** Open sockets of one address (one IPv4 address, one IPv6 /64). A school or an office is one address. */
  readonly socketsPerAddress: number;
  readonly opensPerMinute: number;
  /** HTTP requests of one address that are not for a socket. */
  readonly requestsPerMinute: number;
  /** Requests and sockets of one address that are refused at once; above, each refusal comes a second late, and at most 32 of them wait. A class that reloads its pages together hears at once what it has to wait for. */
  readonly refusalsPerMinute: number;
  /** Codes that open nothing, per address. At 10 a minute, and 1,000 live lobbies, a guess hits after five hours. */
  readonly wrongCodesPerMinute: number;
  readonly lobbiesPerMinute: number;
  /** Questions for the public list, quick matches among them, per address; each reads the whole list of a game, and is answered with up to 40 kB. What changes is told without being asked. */
  readonly listsPerMinute: number;
  /** Questions what to prove for a password, per address. Without a bound somebody asks about all 3,200,000 codes of five letters in a quarter of an hour, and sees by the second round whose answer changed: there is a lobby. At half, a class that enters one lobby waits. */
  readonly challengesPerMinute: number;
  /** Of the whole process. */
  readonly sockets: number;
  readonly lobbies: number;
  /** Signals kept for a member whose signaling socket is not open yet, and for how long. */
  readonly pendingSignals: number;
  readonly pendingSignalMs: number;
  /** Frames that the broker carries from one member to another, and bytes from one member to all (`relayFrames`). A match at 60 Hz sends 75 a second. */
  readonly pairFramesPerSecond: number;
  readonly memberFrameBytesPerSecond: number;
  /** Unread bytes of a receiver above which frames for it are dropped. At half, one large message holds the rest back; double delays what comes after by a second of a slow line. */
  readonly frameBufferBytes: number;
  /** A code is not given out again for this long after its lobby closed, so that a stale link enters no stranger's lobby. */
  readonly codeRestMs: number;
  /** A lobby in which nobody did anything for this long, and no match is played, is warned, and closed five minutes later. At half, a group that eats together finds its lobby closed; at double, tabs that were forgotten hold twice as many lobbies. */
  readonly lobbyIdleMs: number;
}

export const BROKER_LIMITS: BrokerLimits = {
  messagesPerSecond: 50,
  messageBurst: 200,
  queuedMessages: 1_024,
  sendBufferBytes: 1_048_576,
  sendBuffersBytes: 268_435_456,
  refusedMessages: 3,
  socketsPerAddress: 64,
  opensPerMinute: 60,
  requestsPerMinute: 600,
  refusalsPerMinute: 60,
  wrongCodesPerMinute: 10,
  lobbiesPerMinute: 30,
  listsPerMinute: 60,
  challengesPerMinute: 60,
  sockets: 10_000,
  lobbies: 10_000,
  pendingSignals: 64,
  pendingSignalMs: 10_000,
  pairFramesPerSecond: 120,
  memberFrameBytesPerSecond: 131_072,
  frameBufferBytes: 65_536,
  codeRestMs: 600_000,
  lobbyIdleMs: 14_400_000,
};
