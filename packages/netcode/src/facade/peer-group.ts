import { assert, unreachable } from "../core/base/assert.ts";
import { Random } from "../core/base/random.ts";
import { MEMBERS_MAX, parsePeerId, type PeerId } from "../core/base/units.ts";
import type { InputSchema } from "../core/game/input-schema.ts";
import { LinkMesh } from "../core/link/link-mesh.ts";
import type { GoneReason } from "../core/ports/departure.ts";
import * as LOBBY_LIMITS from "../core/ports/lobby-limits.ts";
import type { LinkEvent } from "../core/ports/link.ts";
import type { MatchAgreement, MatchSeat } from "../core/ports/lobby-protocol.ts";
import type { Ticker } from "../driver/ticker.ts";
import {
  checkedCountdown,
  checkedIdentity,
  checkedInteger,
  checkedJson,
  checkedOptions,
  checkedPlayer,
  checkSignal,
} from "./checked-arguments.ts";
import { Deferred } from "./deferred.ts";
import type { Environment } from "./environment.ts";
import { errorOfLink } from "./link-error.ts";
import { Listeners } from "./listeners.ts";
import { LobbyMatches } from "./lobby-matches.ts";
import type { MatchOver } from "./match-runner.ts";
import { badArgument, NetcodeError } from "./netcode-error.ts";
import type { GroupMatchOptions, GroupSeat, PeerGroup, PeerGroupEvents, PeerGroupOptions } from "./peer-group-types.ts";
import { PeerLinks } from "./peer-links.ts";
import { ShownFigures } from "./shown-figures.ts";
import { GOODBYE_FLUSH_MS, MATCH_TICK_MS, ROOM_TICK_MS } from "./facade-times.ts";
import type { LobbyPeer } from "./lobby-types.ts";
import type { Match } from "./match-types.ts";

/**
 * Links peers that the game has brought together by itself, over any transport. Resolves once the link to each is open; rejects with a `NetcodeError`:
 * `PEER_UNREACHABLE` when one cannot be reached in 16 s, `BAD_ARGUMENT`, `CLOSED`. The transport is disposed of then.
 */
export async function connectPeers<State, Schema extends InputSchema, Result>(
  environment: Pick<Environment, "page" | "startTicker">,
  options: PeerGroupOptions<State, Schema, Result>,
): Promise<PeerGroup<State, Schema, Result>> {
  const { transport } = checkedOptions(options, "game transport peers signal");
  if (typeof checkedOptions(transport).dispose !== "function") throw badArgument("a transport");
  const group = createGroup(environment, options);
  const abort = (): void => void group.leave();
  options.signal?.addEventListener("abort", abort);
  try {
    if (options.signal?.aborted === true) throw new NetcodeError("CLOSED", { message: "Connecting was aborted." });
    await group.linked;
    return group;
  } catch (error) {
    void group.leave();
    throw error;
  } finally {
    options.signal?.removeEventListener("abort", abort);
  }
}

function createGroup<State, Schema extends InputSchema, Result>(
  environment: Pick<Environment, "page" | "startTicker">,
  options: PeerGroupOptions<State, Schema, Result>,
): LinkedGroup<State, Schema, Result> {
  try {
    checkedIdentity(options.game);
    checkSignal(options.signal);
    return new LinkedGroup(environment, options);
  } catch (error) {
    options.transport.dispose();
    throw error;
  }
}

class LinkedGroup<State, Schema extends InputSchema, Result> implements PeerGroup<State, Schema, Result> {
  readonly #options: PeerGroupOptions<State, Schema, Result>;
  readonly #ids: readonly PeerId[];
  readonly #localPeerId: PeerId;
  readonly #ticker: Ticker;
  readonly #links: PeerLinks;
  readonly #matches: LobbyMatches<State, Schema, Result>;
  readonly #listeners: Listeners<PeerGroupEvents>;
  readonly #linked = new Deferred<void>();
  readonly #freed = new Deferred<void>();
  readonly #gone = new Map<PeerId, GoneReason>();
  readonly #figures = new ShownFigures();
  readonly #stopListening: () => void;
  #matchNumber = 0;
  #freeAtMs = Infinity;
  #closed = false;

  constructor({ page, startTicker }: Pick<Environment, "page" | "startTicker">, options: PeerGroupOptions<State, Schema, Result>) {
    const { game, transport } = options;
    this.#options = options;
    this.#localPeerId = transport.localPeerId;
    this.#ids = checkedIds(options.peers, this.#localPeerId);
    this.#listeners = new Listeners("change peer-gone peer-unreachable", (error) => page.reportError(error));
    // Nobody has to wait for it.
    this.#linked.promise.catch(() => {});
    this.#ticker = startTicker(ROOM_TICK_MS, (nowMs) => this.#tick(nowMs));
    const nowMs = (): number => this.#ticker.nowMs();
    const mesh = new LinkMesh({
      localPeerId: this.#localPeerId,
      game,
      random: new Random(page.randomSeed(), "links"),
      capabilities: transport.capabilities ?? 0,
      isMutual: transport.isMutual ?? false,
    });
    this.#links = new PeerLinks({
      nowMs,
      transport,
      mesh,
      handleSessionPacket: (from, channel, bytes) => {
        // Nobody sends files without a lobby.
        if (channel !== "bulk") this.#matches.handlePacket(nowMs(), from, bytes);
      },
      handleEvent: (event) => this.#handleLinkEvent(event),
    });
    this.#matches = new LobbyMatches({
      page,
      nowMs,
      game,
      localPeerId: this.#localPeerId,
      transmit: (transmit) => this.#links.transmit(transmit),
      pathTo: (peerId) => this.#links.path(peerId),
      goneReasonOf: (peerId) => this.#gone.get(peerId),
      isMember: (peerId) => !this.#gone.has(peerId),
      mayTakeSeats: () => true,
      handleOver: (matchNumber, how) => this.#handleMatchOver(matchNumber, how),
    });
    this.#stopListening = page.onPageHide(() => this.#sayGoodbye());
    const own = this.#ids.indexOf(this.#localPeerId);
    this.#ids.forEach((peerId, index) => {
      if (index !== own) this.#links.addPeer(peerId, own > index ? "dialer" : "acceptor");
    });
  }

  /** Resolves once every link is open. */
  get linked(): Promise<void> {
    return this.#linked.promise;
  }

  get peers(): readonly LobbyPeer[] {
    return this.#links.stats();
  }

  get match(): Match<State, Schema, Result> | undefined {
    return this.#matches.shown;
  }

  on<Name extends keyof PeerGroupEvents>(name: Name, listener: PeerGroupEvents[Name]): () => void {
    return this.#listeners.on(name, listener);
  }

  startMatch(options: GroupMatchOptions): Match<State, Schema, Result> {
    if (this.#closed) throw new NetcodeError("CLOSED");
    const agreement = this.#agreementOf(options);
    this.#matchNumber++;
    const match = this.#matches.start(agreement) ?? this.#matches.watch(agreement);
    this.#ticker.setIntervalMs(MATCH_TICK_MS);
    return match;
  }

  leave(): Promise<void> {
    if (!this.#closed) {
      this.#closed = true;
      this.#freeAtMs = this.#ticker.nowMs() + GOODBYE_FLUSH_MS;
      this.#stopListening();
      this.#sayGoodbye();
      this.#matches.dispose();
      this.#linked.reject(new NetcodeError("CLOSED"));
      this.#listeners.clear();
    }
    return this.#freed.promise;
  }

  #agreementOf(options: GroupMatchOptions): MatchAgreement {
    const { seed, seats, settings = null, countdownMs = 0 } = checkedOptions(options, "seed seats settings countdownMs");
    const [fewest, most] = this.#options.game.players;
    checkedInteger("a number of seats", Array.isArray(seats) ? seats.length : 0, [fewest, most]);
    if (!Number.isInteger(seed)) throw badArgument(`a seed as a whole number, got ${seed}`);
    const [hostId] = this.#ids;
    assert(hostId !== undefined, "a group of peers");
    return {
      matchNumber: this.#matchNumber + 1,
      seed,
      seats: seats.map((seat) => this.#seatOf(seat)),
      settings: checkedJson("settings", settings, LOBBY_LIMITS.settingsBytes),
      hostId,
      countdownMs: checkedCountdown(countdownMs),
    };
  }

  #seatOf(seat: GroupSeat): MatchSeat {
    const { peer, ...player } = checkedOptions(seat);
    const profile = checkedPlayer(player);
    if (peer === undefined) return { kind: "bot", profile };
    const peerId = this.#ids.find((id) => id === peer);
    if (peerId === undefined) throw badArgument(`seats of peers of this group, got "${peer}"`);
    return { kind: "person", peerId, profile };
  }

  #tick(nowMs: number): void {
    this.#links.tick();
    if (this.#closed) {
      if (nowMs >= this.#freeAtMs) this.#free();
      return;
    }
    this.#matches.tick(nowMs);
    this.#ticker.setIntervalMs(this.#matches.active ? MATCH_TICK_MS : ROOM_TICK_MS);
    if (this.#figures.tick(nowMs, this.#links)) this.#listeners.emit("change");
  }

  #handleLinkEvent(event: LinkEvent): void {
    const { type, peerId } = event;
    switch (type) {
      case "link-open":
      case "link-recovered":
        this.#gone.delete(peerId);
        if (this.peers.every(({ status }) => status === "open")) this.#linked.resolve();
        break;
      case "link-suspect":
        break;
      case "peer-goodbye":
        this.#handleGone(peerId, "left");
        break;
      case "link-closed":
        if (event.reason === "lost") this.#handleGone(peerId, "lost");
        else if (event.reason !== "left") this.#handleUnreachable(event);
        break;
      default:
        unreachable(type);
    }
    this.#listeners.emit("change");
  }

  #handleGone(peerId: PeerId, reason: "left" | "lost"): void {
    this.#gone.set(peerId, reason);
    this.#matches.handlePeerGone(this.#ticker.nowMs(), peerId, reason);
    this.#listeners.emit("peer-gone", peerId, reason);
    this.#linked.reject(new NetcodeError("PEER_UNREACHABLE"));
  }

  #handleUnreachable({ peerId, reason, failure }: Extract<LinkEvent, { readonly type: "link-closed" }>): void {
    const error =
      reason === "version-mismatch"
        ? new NetcodeError("VERSION_MISMATCH", { message: "Another peer runs another game, or another version of it." })
        : (errorOfLink(reason, failure) ?? new NetcodeError("PEER_UNREACHABLE"));
    this.#listeners.emit("peer-unreachable", peerId, error);
    this.#linked.reject(error);
  }

  #handleMatchOver(matchNumber: number, how: MatchOver): void {
    if (how === "result") this.#matches.end(this.#ticker.nowMs(), matchNumber);
    else this.#matches.current?.sayLeft();
  }

  #sayGoodbye(): void {
    this.#matches.sayLeft();
    this.#links.sayGoodbye("left");
  }

  #free(): void {
    this.#links.dispose();
    this.#ticker.dispose();
    this.#freed.resolve();
  }
}

function checkedIds(peers: readonly string[], localPeerId: PeerId): readonly PeerId[] {
  if (!Array.isArray(peers)) throw badArgument("the ids of all peers as a list");
  const ids = peers.map(parsePeerId).filter((id) => id !== undefined);
  const isFine = ids.length === peers.length && new Set(ids).size === ids.length && ids.length >= 2 && ids.length <= MEMBERS_MAX;
  if (!isFine) throw badArgument(`2–${MEMBERS_MAX} different ids of 1–64 letters, digits, "-" and "_"`);
  if (!ids.includes(localPeerId)) throw badArgument(`the transport's own id, "${localPeerId}", among the peers`);
  return ids;
}
