import {
  compareListings,
  LOBBY_LIMITS,
  LOBBY_TIMES,
  type GameIdentity,
  type LobbyCode,
  type LobbyFilter,
  type LobbyList,
  type LobbyListing,
  type ListMessage,
} from "@rollcall/netcode/lobby-protocol";
import { gameKeyOf, type LobbyDirectory } from "./lobby-directory.ts";
import { fitsFilter } from "./lobby-listing.ts";

/** Lobbies that one update tells of; the rest follows with the next. At double, somebody who changes fifty lobbies all the time makes every watcher read 40 kB a second. */
const CHANGES_PER_UPDATE = 16;

/** A socket that follows the list. */
export interface ListWatcher {
  /** A `ListMessage` as JSON: written once for all. */
  sendText(text: string): void;
}

/** What the watchers of one filter have. */
interface ListView {
  readonly filter: LobbyFilter;
  readonly watchers: Set<ListWatcher>;
  /** `undefined` until the list was read first. */
  shown: Shown | undefined;
  reading: Promise<void> | undefined;
}

interface Shown {
  readonly lobbies: ReadonlyMap<LobbyCode, ShownLobby>;
  readonly total: number;
}

interface ShownLobby {
  readonly listing: LobbyListing;
  readonly text: string;
}

/** The list of one game. */
interface GameViews {
  readonly game: string;
  /** By filter, as JSON. */
  readonly views: Map<string, ListView>;
  timer: NodeJS.Timeout | undefined;
  readonly stopWatching: () => void;
}

/** Public lists, followed by sockets: sorted once for a game, told once for all that ask the same, and at most once a second. */
export class ListViews {
  readonly #directory: LobbyDirectory;
  readonly #handleFailure: (error: unknown) => void;
  readonly #games = new Map<string, GameViews>();
  readonly #watched = new Map<ListWatcher, { readonly game: GameViews; readonly filterText: string }>();

  constructor(directory: LobbyDirectory, handleFailure: (error: unknown) => void) {
    this.#directory = directory;
    this.#handleFailure = handleFailure;
  }

  /** `handleList` gets the list in the moment from which on the watcher is told of changes. Rejects when the list cannot be read. */
  async watch(
    watcher: ListWatcher,
    wanted: { readonly game: GameIdentity; readonly filter: LobbyFilter },
    handleList: (list: LobbyList) => void,
  ): Promise<void> {
    this.forget(watcher);
    const game = this.#gameOf(gameKeyOf(wanted.game));
    const filterText = JSON.stringify(wanted.filter);
    const view = game.views.get(filterText) ?? { filter: wanted.filter, watchers: new Set(), shown: undefined, reading: undefined };
    game.views.set(filterText, view);
    view.watchers.add(watcher);
    const mark = { game, filterText };
    this.#watched.set(watcher, mark);
    try {
      if (view.shown === undefined) await this.#read(game, view);
    } catch (error) {
      if (this.#watched.get(watcher) === mark) this.forget(watcher);
      throw error;
    }
    const { shown } = view;
    // It may have gone meanwhile, or asked for another list.
    if (shown === undefined || this.#watched.get(watcher) !== mark) return;
    handleList({ lobbies: [...shown.lobbies.values()].map(({ listing }) => listing), total: shown.total });
  }

  /** Who enters a lobby, or closes its socket. */
  forget(watcher: ListWatcher): void {
    const watched = this.#watched.get(watcher);
    if (watched === undefined) return;
    this.#watched.delete(watcher);
    const { game, filterText } = watched;
    const watchers = game.views.get(filterText)?.watchers;
    watchers?.delete(watcher);
    if (watchers?.size === 0) game.views.delete(filterText);
    if (game.views.size === 0) this.#end(game);
  }

  close(): void {
    for (const game of this.#games.values()) this.#end(game);
    this.#watched.clear();
  }

  #gameOf(key: string): GameViews {
    const known = this.#games.get(key);
    if (known !== undefined) return known;
    const game: GameViews = {
      game: key,
      views: new Map(),
      timer: undefined,
      stopWatching: this.#directory.watch(key, () => this.#schedule(game)),
    };
    this.#games.set(key, game);
    return game;
  }

  #end(game: GameViews): void {
    clearTimeout(game.timer);
    game.stopWatching();
    this.#games.delete(game.game);
  }

  /** Many changes, one update. */
  #schedule(game: GameViews): void {
    game.timer ??= setTimeout(() => void this.#update(game), LOBBY_TIMES.listUpdateMs).unref();
  }

  async #update(game: GameViews): Promise<void> {
    game.timer = undefined;
    try {
      const listings = await this.#sorted(game);
      for (const view of game.views.values()) {
        if (view.shown !== undefined && !this.#tell(view, view.shown, toShow(view.filter, listings))) this.#schedule(game);
      }
    } catch (error) {
      this.#handleFailure(error);
      if (game.views.size > 0) this.#schedule(game);
    }
  }

  /** False: there is more to tell. */
  #tell(view: ListView, before: Shown, after: Shown): boolean {
    const { shown, message, isWhole } = updateOf(before, after);
    view.shown = shown;
    if (message !== undefined) {
      const text = JSON.stringify(message);
      for (const watcher of view.watchers) watcher.sendText(text);
    }
    return isWhole;
  }

  /** Once for all who came before there was a list. */
  #read(game: GameViews, view: ListView): Promise<void> {
    view.reading ??= this.#sorted(game)
      .then((listings) => {
        view.shown = toShow(view.filter, listings);
        return undefined;
      })
      .finally(() => {
        view.reading = undefined;
      });
    return view.reading;
  }

  async #sorted({ game }: GameViews): Promise<readonly LobbyListing[]> {
    return (await this.#directory.list(game)).toSorted(compareListings);
  }
}

function toShow(filter: LobbyFilter, listings: readonly LobbyListing[]): Shown {
  const fitting = listings.filter((listing) => fitsFilter(listing, filter));
  const lobbies = fitting.slice(0, LOBBY_LIMITS.listings);
  return { lobbies: new Map(lobbies.map((listing) => [listing.code, { listing, text: JSON.stringify(listing) }])), total: fitting.length };
}

/** What makes `before` into `after`, as far as one update goes. */
function updateOf(
  before: Shown,
  after: Shown,
): { readonly shown: Shown; readonly message: ListMessage | undefined; readonly isWhole: boolean } {
  const gone = [...before.lobbies.keys()].filter((code) => !after.lobbies.has(code));
  const changed = [...after.lobbies].filter(([code, { text }]) => before.lobbies.get(code)?.text !== text);
  const put = changed.slice(0, CHANGES_PER_UPDATE);
  const isWhole = put.length === changed.length;
  if (isWhole && gone.length === 0 && put.length === 0 && before.total === after.total)
    return { shown: after, message: undefined, isWhole };
  const rest = [...before.lobbies].filter(([code]) => after.lobbies.has(code));
  const shown = isWhole ? after : { lobbies: new Map([...rest, ...put]), total: after.total };
  return { shown, message: { list: { put: put.map(([, { listing }]) => listing), gone, total: after.total } }, isWhole };
}
