import type { NetcodeErrorLike, PeerId } from "@rollcall/netcode";
import type { RubberbandLobby, RubberbandMatch } from "../net/gateway.ts";
import { openDialog } from "./dialog.ts";
import { element } from "./element.ts";
import { inviteCard } from "./invite-card.ts";
import { noteLobby } from "./lobby-notes.ts";
import { listenMatchKeys } from "./match-keys.ts";
import { matchSeats } from "./match-model.ts";
import { cleanName, secondName } from "./player-name.ts";
import { noteMatch } from "./match-notes.ts";
import { MatchScreen } from "./match-screen.ts";
import { ResultScreen } from "./result-screen.ts";
import { botProfiles, freeColour, memberName, peopleOf, roomModel, seatCount, yieldedLooks } from "./room-model.ts";
import { RoomScreen } from "./room-screen.ts";
import type { Shell } from "./shell.ts";
import { strings } from "./strings.ts";

/** Three beats: enough to put the hands on the keys. */
const COUNTDOWN_MS = 3_000;

/** One lobby from entering to leaving: room, matches, results. */
export class LobbySession {
  readonly lobby: RubberbandLobby;
  readonly #shell: Shell;
  readonly #stops: (() => void)[] = [];
  #match: RubberbandMatch | undefined;
  #stopMatch: (() => void) | undefined;
  #room: RoomScreen | undefined;
  #result: ResultScreen | undefined;
  #refreshing = false;
  #yielding = false;
  #starting = false;
  #holding = false;
  /** Of whom an error tells. */
  #unreachable: { readonly peerId: PeerId; readonly code: string } | undefined;
  /** The last one that we followed as a spectator. */
  #watchedMatch: number | undefined;
  /** Why the lobby ended, while its last result is still shown. */
  #failure: NetcodeErrorLike | undefined;

  constructor(shell: Shell, lobby: RubberbandLobby) {
    this.#shell = shell;
    this.lobby = lobby;
    this.#stops.push(
      noteLobby(lobby, shell.toasts),
      lobby.on("change", () => this.#scheduleRefresh()),
      lobby.on("match", (match) => this.#showMatch(match)),
      // With the way to the check of the connection; over a match the note is enough.
      lobby.on("peer-unreachable", ({ peerId }, error) => {
        if (this.#room === undefined) return;
        this.#unreachable = { peerId, code: error.code };
        shell.errors.show(error);
      }),
      lobby.on("broker-back", () => shell.errors.clear("BROKER_UNREACHABLE")),
      lobby.on("closed", (error) => this.#handleClosed(error)),
    );
    if (lobby.match === undefined) this.#showRoom();
    else this.#showMatch(lobby.match);
    this.#yieldColour();
  }

  /** The match that runs, else the last one. */
  get match(): RubberbandMatch | undefined {
    return this.lobby.match ?? this.#match;
  }

  async leave(): Promise<void> {
    this.#close();
    this.#shell.goHome();
    await this.lobby.leave();
  }

  /** One step back: from a result to the room, and out of a match by asking. False where that is out of the lobby. */
  back(): boolean {
    if (this.#room !== undefined || this.#failure !== undefined) return false;
    if (this.#result === undefined) this.#askToLeave();
    else this.#showRoom();
    return true;
  }

  #handleClosed(error: NetcodeErrorLike | undefined): void {
    this.#close();
    // Back out of the browser's cache: the reload comes back to the seat.
    if (error?.code === "PAGE_RESTORED") location.reload();
    else if (error === undefined || this.#result === undefined) this.#shell.goHome(error);
    else {
      // A lobby that a lost broker has forgotten ends with its last match: nobody should lose the result over that.
      const reason = `${error.message} ${error.remedy}`;
      this.#failure = error;
      this.#result.close(reason);
      this.#shell.announcer.say(reason);
    }
  }

  #close(): void {
    this.#stopMatch?.();
    for (const stop of this.#stops) stop();
    this.#stops.length = 0;
  }

  #showRoom(): void {
    const { lobby } = this;
    const shell = this.#shell;
    this.#endMatch();
    shell.stage.playBackdrop();
    const room = new RoomScreen({
      code: lobby.code,
      link: shell.link(lobby.invite ?? lobby.code),
      localOnly: shell.localOnly,
      announcer: shell.announcer,
      onReady: (ready) => shell.run(lobby.setReady(ready)),
      onStart: () => this.#start(),
      onLeave: () => shell.run(this.leave()),
      hostTools: {
        onLock: (locked) => shell.run(lobby.setLocked(locked)),
        onList: (listed) => shell.run(lobby.setListed(listed)),
        onPassword: (password) => shell.run(lobby.setPassword(password)),
        onHold: () => shell.run(this.#holdSeat()),
        onGiveBack: () => shell.run(lobby.unreserve()),
        bans: () => lobby.bans(),
        onUnban: (ban) => shell.run(lobby.unban(ban)),
      },
      onBench: (peerId) => shell.run(lobby.setRole("spectator", peerId)),
      onRole: (role) => shell.run(lobby.setRole(role)),
      onSettings: ({ rounds, seats, botSkill }) => shell.run(lobby.setSettings({ rounds, seats, botSkill })),
      onKick: (peerId) => shell.run(lobby.kick(peerId)),
      onBan: (peerId) => shell.run(lobby.ban(peerId)),
      onMakeHost: (peerId) => shell.run(lobby.transferHost(peerId)),
      onMute: (peerId, muted) => lobby.mute(peerId, muted),
      chat: lobby.chat,
      onName: (text) => this.#rename(text),
      onGuest: (plays) => this.#setGuest(plays),
      onGuestName: (text) => this.#changeGuest({ name: text }),
      onGuestColour: (colour) => this.#changeGuest({ colour }),
      onWatch: () => this.#watch(),
      onKeepOpen: () => shell.run(lobby.keepOpen()),
      onColour: (colour) => {
        shell.identity.recolour(colour);
        shell.run(lobby.setProfile({ colour }));
      },
    });
    this.#room = room;
    room.update(roomModel(lobby));
    shell.show("room", room);
  }

  async #holdSeat(): Promise<void> {
    const { announcer, localOnly } = this.#shell;
    const room = this.#room;
    // Whoever clicks twice means one seat.
    if (this.#holding) return;
    this.#holding = true;
    const [invite = this.lobby.code] = await this.lobby.reserve().finally(() => (this.#holding = false));
    // A match has begun meanwhile, or the lobby was left.
    if (room === undefined || room !== this.#room || !room.root.isConnected) return;
    const body = [element("p", { class: "hint" }, strings.held.hint), inviteCard({ link: this.#shell.link(invite), localOnly, announcer })];
    openDialog({ title: strings.held.heading, body, actions: [{ text: strings.room.close, className: "button quiet" }] });
  }

  #watch(): void {
    this.#watchedMatch = this.lobby.state.match?.matchNumber;
    // A host that went back to the room has it still.
    this.#showMatch(this.lobby.match ?? this.lobby.watch());
  }

  /** Whoever came to watch is shown each match as it begins; from one that they left they are not fetched back. */
  #watchByItself(): void {
    const { state, match, me } = this.lobby;
    const isNew = state.match !== undefined && state.match.matchNumber !== this.#watchedMatch;
    const isBetween = this.#room !== undefined || this.#result !== undefined;
    if (me.role === "spectator" && isNew && match === undefined && isBetween) this.#watch();
  }

  #rename(text: string): string {
    const { lobby } = this;
    const name = this.#shell.identity.rename(text);
    if (name !== lobby.me.profile.name) this.#shell.run(lobby.setProfile({ name }));
    return name;
  }

  #setGuest(plays: boolean): void {
    const { lobby } = this;
    const { name } = lobby.me.profile;
    const guest = { name: secondName(name), colour: freeColour(lobby.state.members), choices: null };
    this.#shell.run(lobby.setProfile({ guests: plays ? [guest] : [] }));
  }

  /** Returns the name of who plays on this device, as it was taken. */
  #changeGuest(change: { readonly name?: string; readonly colour?: number }): string {
    const { lobby } = this;
    const [guest] = lobby.me.profile.guests ?? [];
    if (guest === undefined) return "";
    const typed = cleanName(change.name ?? "");
    const name = typed === "" ? guest.name : typed;
    const { colour = guest.colour } = change;
    if (name !== guest.name || colour !== guest.colour) this.#shell.run(lobby.setProfile({ guests: [{ ...guest, name, colour }] }));
    return name;
  }

  #start(): void {
    // Whoever clicks twice means one match; the second start would be refused, with a message over the first one's countdown.
    if (this.#starting) return;
    this.#starting = true;
    const { lobby } = this;
    const { members } = lobby.state;
    const playerCount = seatCount(lobby);
    const colours = peopleOf(members).map(({ colour }) => colour);
    const bots = botProfiles(colours, playerCount - colours.length);
    this.#shell.errors.clear();
    const started = lobby.start({ playerCount, botProfiles: bots, countdownMs: COUNTDOWN_MS });
    this.#shell.run(started.then((match) => this.#followOwn(match)).finally(() => (this.#starting = false)));
  }

  /** A host that watches gets the match that it starts by the start alone. */
  #followOwn(match: RubberbandMatch): void {
    if (match.role !== "watcher" || this.#stops.length === 0) return;
    this.#watchedMatch = match.matchNumber;
    this.#showMatch(match);
  }

  #showMatch(match: RubberbandMatch): void {
    if (match === this.#match && this.#stopMatch !== undefined) return;
    this.#endMatch();
    const shell = this.#shell;
    const { stage, toasts } = shell;
    const seats = matchSeats(match);
    this.#match = match;
    // Without a result: somebody stopped it for all, or the game failed. After a result or `dropped` another screen is up already.
    match.ended.catch(() => {
      if (this.#match === match && this.#stopMatch !== undefined && this.#stops.length > 0) this.#showRoom();
    });
    shell.errors.clear();
    toasts.clearPassing();
    shell.wakeLock.hold();
    const notes = noteMatch(match, seats, toasts, (peerId) => this.#nameOf(peerId));
    const screen: MatchScreen = new MatchScreen({
      match,
      seats,
      code: this.lobby.code,
      chat: this.lobby.chat,
      muted: stage.muted,
      onInvite: () => this.#showInvite(),
      onMute: () => {
        stage.setMuted(!stage.muted);
        screen.setMuted(stage.muted);
      },
      onLeave: () => this.#askToLeave(),
      onRunning: () => {
        shell.announcer.say(strings.toast.matchBegins);
        notes.handleRunning();
      },
    });
    const stops = [
      notes.stop,
      listenMatchKeys({
        onEscape: () => this.#askToLeave(),
        onMuteKey: () => screen.setMuted(stage.muted),
        onPauseKey: () => screen.togglePause(),
        onChatKey: (key) => screen.openChat(key),
      }),
      match.on("ended", ({ result }) => this.#showResult(match, result)),
      match.on("dropped", () => {
        this.#showRoom();
        toasts.show("dropped", strings.toast.dropped);
      }),
      match.on("role", () => {
        // The arena asks only once who is steered from here.
        stage.play(match);
        screen.update();
      }),
    ];
    this.#stopMatch = () => {
      for (const stop of stops) stop();
    };
    stage.play(match);
    shell.show("match", screen);
  }

  #nameOf(peerId: PeerId): string | undefined {
    const member = this.lobby.state.members.find((candidate) => candidate.peerId === peerId);
    return member === undefined ? undefined : memberName(member);
  }

  #showResult(match: RubberbandMatch, result: unknown): void {
    const screen = new ResultScreen({
      seats: matchSeats(match),
      result,
      solo: false,
      onAgain: () => this.#start(),
      onBack: () => (this.#failure === undefined ? this.#showRoom() : this.#shell.goHome(this.#failure)),
    });
    this.#endMatch();
    this.#result = screen;
    this.#refresh();
    this.#shell.show("result", screen);
  }

  #endMatch(): void {
    this.#stopMatch?.();
    this.#stopMatch = undefined;
    this.#room = undefined;
    this.#result = undefined;
    this.#shell.wakeLock.release();
  }

  #askToLeave(): void {
    if (this.#match?.role === "watcher") return this.#askToStopWatching(this.#match);
    openDialog({
      title: strings.match.leaveTitle,
      body: [element("p", {}, strings.match.leaveText)],
      actions: [
        { text: strings.match.leaveNo },
        { text: strings.match.leaveYes, className: "button danger", act: () => this.#shell.run(this.leave()) },
      ],
    });
  }

  #askToStopWatching(match: RubberbandMatch): void {
    const text = strings.match;
    const stop = (): void => {
      // What a host stops has ended for all: it goes on unseen.
      if (!this.lobby.isHost) match.stop();
      this.#showRoom();
    };
    openDialog({
      title: text.stopWatchingTitle,
      body: [element("p", {}, text.stopWatchingText)],
      actions: [
        { text: text.stopWatchingNo, className: "button quiet" },
        { text: text.stopWatchingYes, act: stop },
        { text: text.leaveLobby, className: "button danger", act: () => this.#shell.run(this.leave()) },
      ],
    });
  }

  #showInvite(): void {
    const { code, invite } = this.lobby;
    const { announcer, localOnly } = this.#shell;
    openDialog({ title: strings.room.invite, body: [inviteCard({ code, link: this.#shell.link(invite ?? code), localOnly, announcer })] });
  }

  /** One redraw for all changes of one message. Not by animation frames, which a hidden tab does not get. */
  #scheduleRefresh(): void {
    if (this.#refreshing) return;
    this.#refreshing = true;
    queueMicrotask(() => {
      this.#refreshing = false;
      this.#refresh();
      this.#yieldColour();
    });
  }

  #refresh(): void {
    const { lobby } = this;
    this.#endUnreachable();
    this.#room?.update(roomModel(lobby));
    this.#watchByItself();
    const host = lobby.state.members.find((member) => member.peerId === lobby.state.hostId);
    if (!lobby.brokerConnected) this.#result?.update(lobby.isHost ? "disabled" : "hidden", strings.room.brokerLost);
    else if (!lobby.isHost && host !== undefined) this.#result?.update("hidden", strings.result.waiting(memberName(host)));
    else this.#result?.update(lobby.state.match === undefined ? "shown" : "disabled", "");
  }

  /** Whoever is reached after all, or has gone, is no trouble any more. */
  #endUnreachable(): void {
    const { peerId, code } = this.#unreachable ?? {};
    const peer = this.lobby.peers.find((candidate) => candidate.peerId === peerId);
    if (code === undefined || (peer !== undefined && peer.status !== "open")) return;
    this.#unreachable = undefined;
    this.#shell.errors.clear(code);
  }

  #yieldColour(): void {
    const looks = yieldedLooks(this.lobby.me, this.lobby.state.members);
    if (looks === undefined || this.#yielding) return;
    this.#yielding = true;
    this.#shell.run(this.lobby.setProfile(looks).finally(() => (this.#yielding = false)));
  }
}
