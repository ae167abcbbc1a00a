import type { LobbyChat, PeerId } from "@rollcall/netcode";
import { LOBBY_TIMES } from "@rollcall/netcode/lobby-protocol";
import type { RubberbandSettings } from "../sim/index.ts";
import type { Announcer } from "./announcer.ts";
import { ChatPanel } from "./chat-panel.ts";
import { openDialog } from "./dialog.ts";
import { element, setText } from "./element.ts";
import { HostTools, type HostToolsOptions } from "./host-tools.ts";
import { icon } from "./icon.ts";
import { inviteCard } from "./invite-card.ts";
import { keepFocus } from "./keep-focus.ts";
import { lookIcon } from "./look-icon.ts";
import { ProfileEditor, type ProfileEditorOptions } from "./profile-editor.ts";
import type { GuestSeat, PersonSeat, RoomModel } from "./room-model.ts";
import { SeatCard } from "./seat-card.ts";
import { SettingsPanel } from "./settings-panel.ts";
import { strings } from "./strings.ts";

export interface RoomScreenOptions {
  readonly code: string;
  readonly link: string;
  readonly localOnly: boolean;
  readonly announcer: Announcer;
  readonly onReady: (ready: boolean) => void;
  readonly onStart: () => void;
  readonly onLeave: () => void;
  readonly hostTools: HostToolsOptions;
  readonly onSettings: (settings: RubberbandSettings) => void;
  readonly onKick: (peerId: PeerId) => void;
  readonly onBan: (peerId: PeerId) => void;
  readonly onMakeHost: (peerId: PeerId) => void;
  /** Moves a member to the audience. */
  readonly onBench: (peerId: PeerId) => void;
  /** Plays, or watches from now on. */
  readonly onRole: (role: "player" | "spectator") => void;
  readonly onMute: (peerId: PeerId, muted: boolean) => void;
  readonly chat: LobbyChat;
  /** Returns the name as it was taken. */
  readonly onName: (name: string) => string;
  readonly onColour: (colour: number) => void;
  /** A second player on this device, or none any more. */
  readonly onGuest: (plays: boolean) => void;
  /** Returns the name as it was taken. */
  readonly onGuestName: (name: string) => string;
  readonly onGuestColour: (colour: number) => void;
  readonly onWatch: () => void;
  readonly onKeepOpen: () => void;
}

/** The room between matches: invite, seats, settings, and what comes next. */
export class RoomScreen {
  readonly root: HTMLElement;
  readonly heading: HTMLElement = element("h1", { class: "room-heading", tabindex: "-1" }, strings.room.heading);
  readonly #options: RoomScreenOptions;
  readonly #count: HTMLElement = element("span", { class: "count" });
  readonly #notice: HTMLElement = element("p", { class: "notice", role: "status", "data-testid": "notice", hidden: true });
  readonly #idle: HTMLElement;
  readonly #seats: HTMLElement = element("ul", { class: "seats", role: "list" });
  readonly #cards: SeatCard[] = [];
  readonly #settings: SettingsPanel;
  readonly #chat: ChatPanel;
  readonly #hostTools: HostTools;
  readonly #lockedBadge: HTMLElement = element("span", { class: "badge badge-host" }, icon("lock"), strings.room.locked);
  readonly #status: HTMLElement = element("p", { class: "room-status", "data-testid": "room-status" });
  readonly #guest: HTMLButtonElement;
  readonly #watch: HTMLButtonElement;
  readonly #role: HTMLButtonElement;
  readonly #ready: HTMLButtonElement;
  readonly #start: HTMLButtonElement;
  #model: RoomModel | undefined;

  constructor(options: RoomScreenOptions) {
    this.#options = options;
    this.#settings = new SettingsPanel(options.onSettings);
    this.#chat = new ChatPanel(options.chat);
    this.#hostTools = new HostTools(options.hostTools);
    this.#role = element("button", {
      type: "button",
      class: "button small quiet",
      onclick: () => options.onRole(this.#model?.isSpectator === true ? "player" : "spectator"),
    });
    this.#ready = element(
      "button",
      { type: "button", class: "button toggle", onclick: () => options.onReady(this.#model?.ready !== true) },
      icon("check"),
      strings.room.ready,
    );
    this.#start = element("button", { type: "button", class: "button primary", onclick: () => options.onStart() }, strings.room.start);
    this.#watch = element("button", { type: "button", class: "button", onclick: () => options.onWatch() }, strings.room.watch);
    this.#guest = element("button", {
      type: "button",
      class: "button quiet",
      title: strings.room.guestHint,
      onclick: () => options.onGuest(!this.#hasGuest()),
    });
    this.#idle = element(
      "p",
      { class: "notice", role: "alert", "data-testid": "idle", hidden: true },
      strings.room.idle(LOBBY_TIMES.idleWarningMs / 60_000),
      " ",
      element("button", { type: "button", class: "button small", onclick: () => options.onKeepOpen() }, strings.room.keepOpen),
    );
    this.root = this.#layout();
  }

  update(model: RoomModel): void {
    this.#model = model;
    keepFocus(
      this.root,
      () => this.#draw(model),
      () => this.heading,
    );
  }

  dispose(): void {
    this.#chat.dispose();
  }

  #draw(model: RoomModel): void {
    setText(this.#count, `${strings.room.count(model.personCount, model.seatCount)}${strings.held.count(model.heldSeats)}`);
    const notice = model.brokerConnected ? (model.matchRunning ? model.status : "") : strings.room.brokerLost;
    setText(this.#notice, notice);
    this.#notice.hidden = notice === "";
    this.#idle.hidden = !model.idle;
    this.#watch.hidden = !model.matchRunning;
    setText(this.#guest, this.#hasGuest() ? strings.room.removeGuest : strings.room.addGuest);
    this.#updateSeats(model);
    this.#settings.update(model.settings, model.isHost, Math.max(2, model.personCount));
    this.#hostTools.update(model);
    setText(this.#role, model.isSpectator ? strings.room.goPlay : strings.room.goWatch);
    this.#ready.hidden = !model.isPlayer;
    this.#guest.hidden = !model.isPlayer;
    this.#guest.disabled = !model.canAddGuest && !this.#hasGuest();
    this.#lockedBadge.hidden = !model.locked || model.isHost;
    this.#ready.setAttribute("aria-pressed", String(model.ready));
    this.#start.hidden = !model.isHost;
    this.#start.disabled = !model.canStart;
    setText(this.#status, model.matchRunning ? "" : model.status);
  }

  #hasGuest(): boolean {
    return (this.#model?.seats ?? []).some((seat) => seat.kind === "guest" && seat.isMine);
  }

  #layout(): HTMLElement {
    const { code, link, localOnly, announcer, onLeave } = this.#options;
    const leave = element("button", { type: "button", class: "button quiet", onclick: () => onLeave() }, strings.room.leave);
    const invite = inviteCard({ code, link, localOnly, announcer, testId: "lobby-code" });
    return element(
      "div",
      { class: "screen room" },
      element(
        "section",
        { class: "panel room-invite", "aria-labelledby": "invite-heading" },
        element("h2", { id: "invite-heading" }, strings.room.invite),
        invite,
      ),
      element(
        "section",
        { class: "panel room-main" },
        element(
          "header",
          { class: "room-header" },
          this.heading,
          element("span", { class: "room-count" }, strings.room.players, " ", this.#count),
          this.#lockedBadge,
          this.#role,
        ),
        this.#hostTools.root,
        this.#notice,
        this.#idle,
        this.#seats,
      ),
      this.#chat.root,
      element("div", { class: "panel room-settings" }, this.#settings.root),
      element(
        "footer",
        { class: "panel actions" },
        this.#status,
        element("div", { class: "action-buttons" }, leave, this.#guest, this.#watch, this.#ready, this.#start),
      ),
    );
  }

  #updateSeats(model: RoomModel): void {
    while (this.#cards.length > model.seats.length) this.#cards.pop()?.root.remove();
    while (this.#cards.length < model.seats.length) {
      const card = new SeatCard({
        onEdit: () => this.#editProfile(),
        onEditGuest: () => this.#editGuest(),
        onManage: (seat) => this.#manage(seat),
      });
      this.#cards.push(card);
      this.#seats.append(card.root);
    }
    model.seats.forEach((seat, index) => this.#cards[index]?.update(seat));
  }

  #editProfile(): void {
    const { onName, onColour } = this.#options;
    const me = this.#people().find((seat) => seat.kind === "person" && seat.isMe);
    if (me !== undefined) this.#edit(me, { id: "room", onName, onColour });
  }

  #editGuest(): void {
    const { onGuestName: onName, onGuestColour: onColour } = this.#options;
    const guest = this.#people().find((seat) => seat.kind === "guest" && seat.isMine);
    if (guest !== undefined) this.#edit(guest, { id: "guest", label: strings.profile.guestName, onName, onColour });
  }

  #people(): readonly (PersonSeat | GuestSeat)[] {
    return (this.#model?.seats ?? []).filter((seat) => seat.kind !== "bot");
  }

  #edit(seat: PersonSeat | GuestSeat, options: Omit<ProfileEditorOptions, "name" | "colour" | "takenBy">): void {
    const takenBy = new Map(
      this.#people()
        .filter((other) => other !== seat)
        .map(({ colour, name }) => [colour, name]),
    );
    const editor = new ProfileEditor({ ...options, name: seat.name, colour: seat.colour, takenBy });
    const commit = (): void => editor.commit(options.onName);
    openDialog({
      title: seat.kind === "guest" ? strings.profile.editOf(seat.name) : strings.profile.edit,
      body: [editor.root],
      actions: [{ text: strings.profile.done, className: "button primary" }],
      onClose: commit,
    });
  }

  #manage(seat: PersonSeat): void {
    const { onKick, onBan, onMakeHost, onMute, onBench } = this.#options;
    const about = element("p", { class: "dialog-player" }, lookIcon(seat.colour), seat.connection.text);
    const hints = [strings.chat.muteHint, ...(seat.manageable ? [strings.room.kickHint] : [])];
    const forHost = [
      ...(seat.role === undefined ? [{ text: strings.room.moveToAudience, act: () => onBench(seat.peerId) }] : []),
      { text: strings.room.makeHost, act: () => onMakeHost(seat.peerId) },
      { text: strings.room.kick, className: "button danger", act: () => onKick(seat.peerId) },
      { text: strings.room.ban, className: "button danger", act: () => onBan(seat.peerId) },
    ];
    openDialog({
      title: seat.name,
      body: [about, ...hints.map((hint) => element("p", { class: "hint" }, hint))],
      actions: [
        { text: seat.muted ? strings.chat.unmute : strings.chat.mute, act: () => onMute(seat.peerId, !seat.muted) },
        ...(seat.manageable ? forHost : []),
        { text: strings.room.close, className: "button quiet" },
      ],
    });
  }
}
