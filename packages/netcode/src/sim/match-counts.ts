/** What happened in a match, as its sessions told it. */
export interface MatchCounts {
  synchronized: number;
  suspects: number;
  recoveries: number;
  seatsToBots: number;
  drops: number;
  waits: number;
  /** Times that the game was told to stand still or go on. */
  pauses: number;
  /** Seats that a player got during the match, as each peer was told. */
  seatsToPlayers: number;
  /** Peers that were dropped, and are players again. */
  returns: number;
  /** Events of the game by stage: told at once, happened, did not happen. */
  eventsPredicted: number;
  eventsConfirmed: number;
  eventsCancelled: number;
  ends: number;
  /** Most frames that one call resimulated. */
  rollbackFramesMax: number;
  /** Most frames that anybody was past its confirmed frame. */
  framesAheadMax: number;
}

/** Nothing happened yet. */
export function zeroCounts(): MatchCounts {
  return {
    synchronized: 0,
    suspects: 0,
    recoveries: 0,
    seatsToBots: 0,
    drops: 0,
    waits: 0,
    pauses: 0,
    seatsToPlayers: 0,
    returns: 0,
    eventsPredicted: 0,
    eventsConfirmed: 0,
    eventsCancelled: 0,
    ends: 0,
    rollbackFramesMax: 0,
    framesAheadMax: 0,
  };
}
