/** Four in a row, as its rules have it: nothing here knows of a network. The guide to turn-based games shows what is built on it. */

export const FRAME_RATE_HZ = 30;
/** A minute for each turn. */
export const TURN_FRAMES = 60 * FRAME_RATE_HZ;
/** What an input may choose beside a column. */
export const TAKE_BACK = 7;

const COLUMNS = 7;
const ROWS = 6;
/** `winner` of a full board. */
export const NOBODY = 2;
const DIRECTIONS = [1, 0, 0, 1, 1, 1, 1, -1] as const;

export interface Board {
  /** Whose discs lie in each column, from below. */
  readonly columns: number[][];
  /** `frame`: that of the step; −1 for what was kept from before. */
  readonly drops: { readonly column: number; readonly frame: number }[];
  /** Who began. */
  readonly first: number;
  /** Seats that were nobody's from the start. */
  readonly bots: readonly boolean[];
  /** Counts what was done, and goes on counting when a drop is taken back. */
  turn: number;
  /** Who would like to take the last drop back; −1: nobody. */
  asking: number;
  /** The last step's, and that in which the turn began. */
  frame: number;
  turnFrame: number;
  winner: number | null;
}

export function emptyBoard(first: number, players: readonly { readonly bot: boolean }[]): Board {
  const columns = Array.from({ length: COLUMNS }, () => []);
  return { columns, drops: [], first, bots: players.map(({ bot }) => bot), turn: 0, asking: -1, frame: 0, turnFrame: 0, winner: null };
}

/** Whose turn it is. */
export function moverOf({ first, drops }: Board): number {
  return (first + drops.length) % 2;
}

/** False, and nothing changes, for what is no move. */
export function drop(board: Board, column: number, frame: number): boolean {
  const discs = board.columns[column];
  if (discs === undefined || discs.length === ROWS || board.winner !== null) return false;
  const mover = moverOf(board);
  discs.push(mover);
  board.drops.push({ column, frame });
  if (isFour(board.columns, column)) board.winner = mover;
  else if (board.drops.length === COLUMNS * ROWS) board.winner = NOBODY;
  beginTurn(board, frame);
  return true;
}

/** False, and nothing changes, where nothing was dropped. */
export function takeBack(board: Board, frame: number): boolean {
  const last = board.drops.pop();
  if (last === undefined) return false;
  board.columns[last.column]?.pop();
  beginTurn(board, frame);
  return true;
}

function beginTurn(board: Board, frame: number): void {
  board.turn++;
  board.asking = -1;
  board.turnFrame = frame;
}

/** Looks along all lines through the newest disc of `column`. */
function isFour(columns: Board["columns"], column: number): boolean {
  const row = (columns[column]?.length ?? 0) - 1;
  const player = columns[column]?.[row];
  for (let index = 0; index < DIRECTIONS.length; index += 2) {
    const [dx = 0, dy = 0] = DIRECTIONS.slice(index, index + 2);
    let count = 1;
    for (const way of [1, -1]) {
      for (let far = way; columns[column + far * dx]?.[row + far * dy] === player; far += way) count++;
    }
    if (count >= 4) return true;
  }
  return false;
}
