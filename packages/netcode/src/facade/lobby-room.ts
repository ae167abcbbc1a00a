import { unreachable } from "../core/base/assert.ts";
import type { MessageTypes } from "../core/base/message-type.ts";
import type { PeerId } from "../core/base/units.ts";
import type { InputSchema } from "../core/game/input-schema.ts";
import type { LobbyFailure } from "../core/lobby/lobby-failure.ts";
import * as LOBBY_TIMES from "../core/ports/lobby-times.ts";
import type { LinkEvent } from "../core/ports/link.ts";
import type { Admission, LobbyChange, LobbyState, MatchAgreement, Member } from "../core/ports/lobby-protocol.ts";
import type { Farewell } from "../core/ports/departure.ts";
import type { DropCause } from "../core/ports/session.ts";
import { Deferred } from "./deferred.ts";
import { LOBBY_EVENTS } from "./event-names.ts";
import { Listeners } from "./listeners.ts";
import type { LobbyConnection } from "./lobby-connection.ts";
import { LobbyContent } from "./lobby-content.ts";
import { mayTakeSeats, memberOf, ownMember } from "./lobby-people.ts";
import { LobbyMatches } from "./lobby-matches.ts";
import type { MatchOver } from "./match-runner.ts";
import { MemberAbsences } from "./member-absences.ts";
import { MatchOverReport } from "./match-over-report.ts";
import { LobbyRequests } from "./lobby-requests.ts";
import { errorOfLink } from "./link-error.ts";
import { MatchWaiters } from "./match-waiters.ts";
import type { LobbyRoomOptions } from "./lobby-room-options.ts";
import { NetcodeError, badArgument, errorOfFailure } from "./netcode-error.ts";
import { ShownFigures } from "./shown-figures.ts";
import { PeerLinks } from "./peer-links.ts";
import { RosterFollower, type LobbyRoomEvent } from "./roster-follower.ts";
import { startCommand } from "./start-command.ts";
import { GOODBYE_FLUSH_MS, MATCH_TICK_MS, ROOM_TICK_MS } from "./facade-times.ts";
import type { Lobby, LobbyEvents, LobbyPeer, LobbySecurity, StartOptions } from "./lobby-types.ts";
import type { Match } from "./match-types.ts";

/** The lobby as the game sees it: wires the member's machine, the links and the matches. */
export class LobbyRoom<State, Schema extends InputSchema, Messages extends MessageTypes, Result>
  extends LobbyRequests<Messages>
  implements Lobby<State, Schema, Messages, Result>
{
  protected readonly content: LobbyContent<Messages>;
  readonly #options: LobbyRoomOptions<State, Schema, Messages, Result>;
  readonly #peerId: PeerId;
  readonly #connection: LobbyConnection;
  readonly #links: PeerLinks;
  readonly #rosters: RosterFollower;
  readonly #absences: MemberAbsences;
  readonly #matches: LobbyMatches<State, Schema, Result>;
  readonly #listeners: Listeners<LobbyEvents<State, Schema, Result>>;
  readonly #nextMatch = new MatchWaiters<Match<State, Schema, Result>>();
  readonly #started = new MatchWaiters<Match<State, Schema, Result>>();
  readonly #stopsListening: readonly (() => void)[];
  readonly #overReport: MatchOverReport;
  readonly #figures = new ShownFigures();
  /** The broker has closed the lobby, and a match goes on without it. */
  #orphaned: NetcodeError | undefined;
  #closed = false;
  /** When everything is freed, once the lobby is closed. */
  #freeAtMs = Infinity;
  readonly #freed = new Deferred<void>();

  constructor(options: LobbyRoomOptions<State, Schema, Messages, Result>) {
    super(options.connection, options.makeVerifier, () => options.page.randomToken());
    const { admission, connection, game, page, ticker } = options;
    this.#options = options;
    this.#peerId = admission.peerId;
    this.#connection = connection;
    this.#overReport = new MatchOverReport(connection);
    this.#listeners = new Listeners(LOBBY_EVENTS, (error) => page.reportError(error));
    const nowMs = (): number => ticker.nowMs();
    this.#links = new PeerLinks({
      nowMs,
      transport: options.transport,
      mesh: options.mesh,
      membership: options.visit.membership,
      handleSessionPacket: (from, channel, bytes) => {
        if (!this.content.handlePacket(nowMs(), from, channel, bytes)) this.#matches.handlePacket(nowMs(), from, bytes);
      },
      handleEvent: (event) => this.#handleLinkEvent(event),
      handleRoster: (roster) => this.#rosters.handleRoster(roster),
      refreshIceServers: () => connection.refreshIceServers(),
      broker: connection,
    });
    const handleEvent = (event: LobbyRoomEvent): void => this.#handleLobbyEvent(event);
    this.#rosters = new RosterFollower({ connection, links: this.#links, localPeerId: admission.peerId, handleEvent });
    this.#absences = new MemberAbsences({
      memberOf: (peerId) => memberOf(this.state, peerId),
      handleGone: (member, reason) => this.#listeners.emit("member-gone", member, reason),
      handleBack: (member) => this.#listeners.emit("member-returned", member),
    });
    // The browser makes offers while we go on.
    for (const member of admission.lobby.members) this.#link(member);
    this.#matches = new LobbyMatches({
      page,
      nowMs,
      game,
      localPeerId: admission.peerId,
      transmit: (transmit) => this.#links.transmit(transmit),
      pathTo: (peerId) => this.#links.path(peerId),
      isMember: (peerId) => memberOf(this.state, peerId) !== undefined,
      goneReasonOf: (peerId) => this.#absences.reasonOf(peerId),
      mayTakeSeats: (peerId, playerIndexes) => mayTakeSeats(this.state, peerId, playerIndexes),
      handleOver: (matchNumber, how) => this.#handleMatchOver(matchNumber, how),
    });
    this.content = new LobbyContent({
      page,
      links: this.#links,
      nowMs,
      types: game.messages ?? {},
      me: () => this.me,
      transferLimits: options.transferLimits,
      lobby: () => this.state,
      handleMuted: () => this.#listeners.emit("change"),
      listensToBlobs: () => this.#listeners.has("blob"),
      handleBlob: (incoming) => this.#listeners.emit("blob", incoming),
    });
    this.#stopsListening = [
      page.onPageHide((departure) => this.#sayGoodbye(departure)),
      page.onPageRestore(() => this.#close(new NetcodeError("PAGE_RESTORED"), true)),
      page.onNetworkChange(() => this.#links.handleNetworkChange()),
    ];
    this.#rememberSeat(admission);
    if (admission.lobby.match !== undefined) this.#matches.return(admission.lobby.match);
    connection.attach((event) => this.#rosters.handleEvent(event));
  }

  get code(): string {
    return this.state.code;
  }

  get invite(): string | undefined {
    return this.#options.visit.inviteTo(this.code);
  }

  get security(): LobbySecurity {
    return this.#options.visit.security;
  }

  get state(): LobbyState {
    return this.#rosters.view(this.#connection.lobby ?? this.#options.admission.lobby);
  }

  get me(): Member {
    return ownMember(this.state, this.#options.admission);
  }

  get isHost(): boolean {
    return this.state.hostId === this.#peerId;
  }

  get peers(): readonly LobbyPeer[] {
    return this.#links.stats();
  }

  get brokerConnected(): boolean {
    return this.#connection.connected;
  }

  get match(): Match<State, Schema, Result> | undefined {
    return this.#matches.shown;
  }

  on<Name extends keyof LobbyEvents<State, Schema>>(name: Name, listener: LobbyEvents<State, Schema, Result>[Name]): () => void {
    return this.#listeners.on(name, listener);
  }

  nextMatch(): Promise<Match<State, Schema, Result>> {
    if (this.#closed) return Promise.reject(new NetcodeError("CLOSED"));
    return this.match === undefined ? this.#nextMatch.wait() : Promise.resolve(this.match);
  }

  async start(options: StartOptions = {}): Promise<Match<State, Schema, Result>> {
    const command = startCommand(options, this.#options.game.players, this.state);
    // The match may come before the reply, and never comes when the start is refused.
    const started = this.#started.wait();
    started.catch(() => {});
    await this.#connection.request(command);
    return started;
  }

  watch(): Match<State, Schema, Result> {
    if (this.#closed) throw new NetcodeError("CLOSED");
    const agreement = this.state.match;
    if (agreement === undefined || this.match !== undefined) throw badArgument("a running match in which we have no seat");
    const match = this.#matches.watch(agreement);
    this.#options.ticker.setIntervalMs(MATCH_TICK_MS);
    return match;
  }

  leave(): Promise<void> {
    this.#close(undefined);
    return this.#freed.promise;
  }

  /** For the ticker. */
  tick(nowMs: number): void {
    this.#links.tick();
    if (this.#closed) {
      if (nowMs >= this.#freeAtMs) this.#free();
      return;
    }
    this.#absences.tick(nowMs);
    this.#matches.tick(nowMs);
    this.content.tick(nowMs);
    this.#options.ticker.setIntervalMs(this.#matches.active || this.content.isBusy ? MATCH_TICK_MS : ROOM_TICK_MS);
    if (this.#orphaned !== undefined) this.#endOrphaned(nowMs, this.#orphaned);
    else if (this.#figures.tick(nowMs, this.#links)) this.#listeners.emit("change");
  }

  /** The last match of a lobby that the broker forgot: its end is the end of the lobby. */
  #endOrphaned(nowMs: number, error: NetcodeError): void {
    const { current } = this.#matches;
    if (current !== undefined && current.phase !== "running") this.#matches.end(nowMs, current.matchNumber);
    if (!this.#matches.active) this.#close(error);
  }

  #handleLobbyEvent(event: LobbyRoomEvent): void {
    const isNews = this.#absences.handleLobbyEvent(this.#options.ticker.nowMs(), event);
    switch (event.type) {
      case "change":
        this.#handleChange(event.change, event.before, isNews);
        break;
      case "broker-lost":
        this.#listeners.emit("broker-lost");
        break;
      case "broker-back":
        this.#rememberSeat(event.admission);
        this.#overReport.repeat();
        this.#listeners.emit("broker-back");
        break;
      case "closed":
        this.#handleClosed(event.failure);
        return;
      default:
        unreachable(event);
    }
    this.#listeners.emit("change");
  }

  /** `isNews`: false of a return that was told already. */
  #handleChange(change: LobbyChange, before: LobbyState, isNews: boolean): void {
    let member: Member | undefined;
    switch (change.type) {
      case "member-joined":
        this.#link(change.member);
        this.#listeners.emit("member-joined", change.member);
        break;
      case "member-left":
        this.#unlink(change.peerId, change.reason === "expired" ? "lost" : "left");
        member = memberOf(before, change.peerId);
        if (member !== undefined) this.#listeners.emit("member-left", member, change.reason);
        break;
      case "member-disconnected":
        this.#checkGone(change.peerId);
        this.#tellOf(change.peerId, "member-disconnected");
        break;
      case "member-returned":
        // A reload makes another peer of the same member; what the old page played, its bot plays on.
        if (change.member.peerId !== change.peerId) this.#unlink(change.peerId, "left", change.member.peerId);
        this.#link(change.member);
        if (isNews) this.#listeners.emit("member-returned", change.member);
        break;
      case "host-changed":
        this.#tellOf(change.hostId, "host-changed");
        break;
      case "match-started":
        this.#startMatch(change.match);
        break;
      case "match-ended":
        this.#matches.end(this.#options.ticker.nowMs(), change.matchNumber);
        break;
      case "role-changed":
        this.#tellOf(change.peerId, "role-changed");
        break;
      case "idle-changed":
        if (change.idle) this.#listeners.emit("idle-warning", LOBBY_TIMES.idleWarningMs);
        break;
      case "member-changed":
      case "settings-changed":
      case "metadata-changed":
      case "locked-changed":
      case "capacity-changed":
      case "door-changed":
        break;
      default:
        unreachable(change);
    }
  }

  #tellOf(peerId: PeerId, name: "member-disconnected" | "host-changed" | "role-changed"): void {
    const member = memberOf(this.state, peerId);
    if (member !== undefined) this.#listeners.emit(name, member);
  }

  #handleLinkEvent(event: LinkEvent): void {
    this.#absences.handleLinkEvent(this.#options.ticker.nowMs(), event);
    if (event.type === "peer-goodbye") this.#matches.handlePeerGone(this.#options.ticker.nowMs(), event.peerId, "left");
    else if (event.type === "link-suspect" || event.type === "link-closed") this.#checkGone(event.peerId);
    if (event.type === "link-closed") this.content.handleLinkClosed(event.peerId);
    const error = event.type === "link-closed" ? errorOfLink(event.reason, event.failure) : undefined;
    const member = memberOf(this.state, event.peerId);
    // Of who is gone altogether the broker tells.
    if (error !== undefined && member?.connected === true) this.#listeners.emit("peer-unreachable", member, error);
    this.#listeners.emit("change");
  }

  /** Gone is who neither the broker nor we hear: a control socket may break while the match is fine, and the other way round. */
  #checkGone(peerId: PeerId): void {
    const disconnected = memberOf(this.state, peerId)?.connected === false;
    if (disconnected && this.#links.status(peerId) !== "open") this.#matches.handlePeerGone(this.#options.ticker.nowMs(), peerId, "lost");
  }

  #startMatch(agreement: MatchAgreement): void {
    try {
      const match = this.#matches.start(agreement);
      if (match === undefined) {
        if (this.me.role === undefined) this.#started.rejectAll(badArgument("a playerCount with a seat for the one who starts"));
        else if (this.isHost) this.#started.resolveAll(this.watch());
        return;
      }
      this.#started.resolveAll(match);
      this.#nextMatch.resolveAll(match);
      this.#listeners.emit("match", match);
      this.#options.ticker.setIntervalMs(MATCH_TICK_MS);
    } catch (error) {
      // The game's `init`, or an agreement that it cannot play. The others may be luckier: the lobby stays.
      this.#options.page.reportError(error);
      this.#started.rejectAll(
        error instanceof NetcodeError ? error : new NetcodeError("CLOSED", { message: "The match could not be started.", cause: error }),
      );
    }
  }

  /** Only a result and the host end a match for all. A host that the broker does not hear may not be the host any more. */
  #handleMatchOver(matchNumber: number, how: MatchOver): void {
    if (this.#overReport.isTold(matchNumber)) return;
    if (how === "result" || (how === "stopped" && this.isHost && this.brokerConnected)) this.#overReport.tell(matchNumber);
    else this.#matches.current?.sayLeft();
  }

  #handleClosed(failure: LobbyFailure | undefined): void {
    if (failure === undefined) return;
    const error = errorOfFailure(failure, this.#options.game);
    // A broker that lost the lobby does not end the match: peers talk to each other.
    const isForgotten = failure.code === "LOBBY_NOT_FOUND" || failure.code === "SEAT_EXPIRED";
    if (isForgotten && this.#matches.current?.phase === "running") this.#orphaned = error;
    // The person may take it back.
    else this.#close(error, failure.code === "SEAT_TAKEN");
  }

  /** `keepsSeat`: for `resumeLobby`. */
  #close(error: NetcodeError | undefined, keepsSeat = false): void {
    if (this.#closed) return;
    this.#closed = true;
    this.#freeAtMs = this.#options.ticker.nowMs() + GOODBYE_FLUSH_MS;
    for (const stop of this.#stopsListening) stop();
    if (keepsSeat) {
      this.#connection.abandon();
      this.#options.seatMemory.release();
    } else {
      this.#connection.leave();
      this.#options.seatMemory.forget();
    }
    this.#sayGoodbye("left");
    this.#matches.dispose(error);
    this.content.close();
    for (const waiters of [this.#nextMatch, this.#started]) waiters.rejectAll(error ?? new NetcodeError("CLOSED"));
    this.#listeners.emit("closed", error);
    this.#listeners.clear();
  }

  #sayGoodbye(farewell: Farewell): void {
    this.#matches.sayLeft();
    this.#links.sayGoodbye(farewell);
  }

  #free(): void {
    this.#links.dispose();
    this.#options.ticker.dispose();
    this.#freed.resolve();
  }

  #rememberSeat({ lobby, resumeSecret }: Admission): void {
    const { invite } = this;
    this.#options.seatMemory.remember({ code: lobby.code, secret: resumeSecret, ...(invite === undefined ? {} : { invite }) });
  }

  /** Of two members, the one with the higher order dials: it came later, so the other is ready for it. */
  #link(member: Member): void {
    if (member.peerId === this.#peerId) return;
    this.#absences.handleMember(this.#options.ticker.nowMs(), member);
    this.#links.addPeer(member.peerId, this.me.order > member.order ? "dialer" : "acceptor");
  }

  #unlink(peerId: PeerId, cause: DropCause, after?: PeerId): void {
    this.#matches.handlePeerRemoved(this.#options.ticker.nowMs(), peerId, cause, after);
    this.content.removePeer(peerId, after);
    this.#links.removePeer(peerId);
  }
}
