import type { Gateway, JoinRequest, ResumeRequest, RubberbandLobby, RubberbandMatch } from "../net/gateway.ts";
import type { PageHistory, WayBack } from "../net/page-history.ts";
import type { PageOptions } from "../net/page-options.ts";
import { WakeLock } from "../net/wake-lock.ts";
import { Announcer } from "./announcer.ts";
import { openCheck } from "./check-dialog.ts";
import { closeDialogs, openDialog } from "./dialog.ts";
import { element } from "./element.ts";
import { ErrorBanner, errorText } from "./error-banner.ts";
import { openHostOptions, PRIVATE_LOBBY, type HostChoice } from "./host-dialog.ts";
import { HomeScreen } from "./home-screen.ts";
import type { Identity } from "./identity.ts";
import { openList } from "./list-dialog.ts";
import { LOBBIES_BACK_MS } from "./lobbies-back.ts";
import { inviteTo } from "./lobby-code-text.ts";
import { LobbySession } from "./lobby-session.ts";
import { openPasswordPrompt } from "./password-prompt.ts";
import { SoloSession } from "./solo-session.ts";
import type { Stage } from "./stage.ts";
import { strings } from "./strings.ts";
import { Toasts } from "./toasts.ts";
import type { PhaseName, Screen, Shell } from "./shell.ts";

export interface AppOptions {
  readonly root: HTMLElement;
  readonly gateway: Gateway;
  readonly stage: Stage;
  readonly identity: Identity;
  readonly page: PageOptions;
  /** Makes the invite link of a code, or of an invite. */
  readonly link: (code: string) => string;
  /** True when invite links can be opened on this computer only. */
  readonly isLocalOnly: () => boolean;
  /** The address bar, and where the browser's way back leads to. */
  readonly history: Pick<PageHistory, "enter" | "leave">;
}

/** Between two questions whether the lobby server is back. At half, a page in the background asks as often as one that plays; at double, a person presses the button first. */
const BROKER_ASKED_MS = 4_000;

/** As what, and with which password. */
type HowToJoin = Pick<JoinRequest, "as" | "password">;

/** The app: one screen at a time over the stage, from the title to a lobby and back. */
export class App implements Shell {
  readonly announcer: Announcer = new Announcer();
  readonly toasts: Toasts = new Toasts(this.announcer);
  readonly errors: ErrorBanner = new ErrorBanner(() => this.#check());
  readonly wakeLock: WakeLock = new WakeLock();
  readonly #options: AppOptions;
  readonly #place: HTMLElement = element("div", { class: "place" });
  #screen: Screen | undefined;
  #home: HomeScreen | undefined;
  #attempt: AbortController | undefined;
  #session: LobbySession | SoloSession | undefined;
  #typedCode = "";
  #codeLength: number | undefined;
  /** In which way `#typedCode` was tried last. */
  #how: HowToJoin = {};
  /** What was last chosen; for the next time that options are asked for. */
  #hostChoice = PRIVATE_LOBBY;
  /** Asks for a lobby server that was not there. */
  #asking: number | undefined;
  /** Until then lobbies may follow a lobby server that came back. */
  #lobbiesBackAtMs = 0;
  /** The last invite that was seen: the code that it begins with is joined with its secret. */
  #invite: string | undefined;

  constructor(options: AppOptions) {
    this.#options = options;
    options.root.append(
      options.stage.root,
      element("div", { class: "scrim" }),
      this.#place,
      this.toasts.root,
      this.errors.root,
      this.announcer.root,
    );
  }

  get lobby(): RubberbandLobby | undefined {
    return this.#session instanceof LobbySession ? this.#session.lobby : undefined;
  }

  /** The networked match: the one that runs, else the last of this lobby. */
  get match(): RubberbandMatch | undefined {
    return this.#session instanceof LobbySession ? this.#session.match : undefined;
  }

  get stage(): Stage {
    return this.#options.stage;
  }

  get identity(): Identity {
    return this.#options.identity;
  }

  get localOnly(): boolean {
    return this.#options.isLocalOnly();
  }

  link(code: string): string {
    return this.#options.link(code);
  }

  /** Shows the title, then goes where the address or the last visit of this tab says. */
  async start(): Promise<void> {
    const { code, invite } = this.#options.page;
    this.#invite = invite;
    this.#typedCode = code ?? "";
    this.#showHome();
    void this.#askCodeLength();
    if (code === undefined && window.matchMedia("(pointer: fine)").matches) this.#home?.focusCode();
    await this.#enter(strings.home.resuming, (request) => this.#resume(code, request));
  }

  async #askCodeLength(): Promise<void> {
    const { gateway, page } = this.#options;
    this.#codeLength ??= await gateway.codeLength(page.broker);
    this.#home?.setCodeLength(this.#codeLength);
  }

  /** The address got another code while the page was open. */
  follow(code: string, invite: string | undefined): void {
    const { lobby } = this;
    this.#invite = invite ?? this.#invite;
    // Its secret does not stay in the address.
    if (lobby?.code === code) return this.#options.history.enter(code);
    if (this.#session === undefined) return this.#join(code);
    let isLeaving = false;
    const leave = (): void => {
      isLeaving = true;
      void this.#session?.leave().then(() => this.#join(code));
    };
    openDialog({
      title: strings.home.switchTitle(code),
      body: [element("p", {}, strings.home.switchText)],
      actions: [
        { text: strings.home.switchNo, className: "button quiet" },
        { text: strings.home.switchYes, className: "button primary", act: leave },
      ],
      // However it was closed: with another code in the address, a reload would go there.
      onClose: () => {
        if (!isLeaving) this.#options.history.enter(this.lobby?.code);
      },
    });
  }

  /** The browser's way back: closes a dialog, else goes back as far as one screen. */
  back(): WayBack {
    const session = this.#session;
    if (session === undefined) return "home";
    if (closeDialogs() || session.back()) return "stayed";
    this.run(session.leave());
    return "left";
  }

  show(name: PhaseName, screen: Screen): void {
    closeDialogs();
    this.#screen?.dispose?.();
    this.#screen = screen;
    document.body.dataset["phase"] = name;
    this.#place.replaceChildren(screen.root);
    // The title has them under its code; everywhere else they float.
    if (name !== "home") this.#options.root.append(this.errors.root);
    this.#place.scrollTop = 0;
    // Where reading goes on: screen readers say the new heading, Tab continues from here.
    screen.heading.focus({ preventScroll: true });
  }

  run(action: Promise<unknown>): void {
    action.catch((error: unknown) => this.errors.show(error));
  }

  goHome(error?: unknown): void {
    this.#session = undefined;
    this.#options.history.leave();
    this.#showHome();
    if (error !== undefined) this.#showError(error, this.#typedCode === "" ? undefined : () => this.#join(this.#typedCode));
  }

  #showHome(): void {
    this.wakeLock.release();
    this.stage.playBackdrop();
    const home = new HomeScreen({
      identity: this.identity,
      code: this.#typedCode,
      codeLength: this.#codeLength,
      onJoin: (code, invite) => {
        this.#invite = invite ?? this.#invite;
        this.#join(code);
      },
      onCode: () => this.errors.clear(),
      onHost: () => this.#host(PRIVATE_LOBBY),
      onPlay: () => this.#play(),
      onQuick: () => this.#quick(),
      onList: () => this.#list(),
      onOptions: () =>
        openHostOptions(this.#hostChoice, (choice) => {
          this.#hostChoice = choice;
          this.#host(choice);
        }),
      onCancel: () => this.#cancel(),
      onCheck: () => this.#check(),
      errors: this.errors.root,
    });
    this.#home = home;
    this.show("home", home);
  }

  #join(code: string, how: HowToJoin = {}): void {
    this.#typedCode = code;
    this.#home?.showCode(code);
    this.#how = how;
    const { gateway } = this.#options;
    void this.#enter(
      strings.home.joining(code),
      (request) => gateway.join(this.#withSecret(code), { ...request, ...how }),
      () => this.#join(code, how),
    );
  }

  #withSecret(code: string): string {
    return inviteTo(code, this.#invite) ?? code;
  }

  #askPassword(code: string): void {
    const { gateway } = this.#options;
    openPasswordPrompt({
      code,
      join: async (password, signal) => {
        this.#how = { ...this.#how, password };
        const lobby = await gateway.join(this.#withSecret(code), { ...this.#request(signal), ...this.#how });
        if (signal.aborted) await lobby.leave();
        else this.#open(lobby);
      },
      onFull: (error) => this.#showError(error),
    });
  }

  /** Asks for the password, offers to wait or to watch or to have the seat back, else says what went wrong. */
  #showError(error: unknown, retry?: () => void): void {
    const { code } = errorText(error);
    const lobby = this.#typedCode;
    const joinAs = (as: "queue" | "spectator"): void => this.#join(lobby, { ...this.#how, as });
    if (code === "PASSWORD_REQUIRED") this.#askPassword(lobby);
    else if (code === "LOBBY_FULL") {
      // Who may not even watch is not sent round in a circle.
      if (this.#how.as !== undefined) return this.errors.show(error, retry, [], strings.error.noRoom);
      this.errors.show(error, retry, [
        { text: strings.room.waitForSeat, act: () => joinAs("queue") },
        { text: strings.room.watchOnly, act: () => joinAs("spectator") },
      ]);
    } else if (code === "SEAT_TAKEN")
      this.errors.show(error, undefined, [{ text: strings.error.takeSeatBack, act: () => this.#takeSeatBack() }]);
    else this.#showAwaited(error, retry);
  }

  /** Says what went wrong, and goes on by itself where it went wrong for want of the lobby server, or of a lobby that comes back after it. */
  #showAwaited(error: unknown, retry: (() => void) | undefined): void {
    const { code } = errorText(error);
    window.clearInterval(this.#asking);
    const note = code === "BROKER_UNREACHABLE" ? strings.error.byItself : strings.error.mayFollow;
    const isAwaited = code === "BROKER_UNREACHABLE" || (code === "LOBBY_NOT_FOUND" && performance.now() < this.#lobbiesBackAtMs);
    if (retry === undefined || !isAwaited) return this.errors.show(error, retry);
    this.errors.show(error, retry, [], note);
    this.#asking = window.setInterval(() => void this.#askForBroker(code, retry), BROKER_ASKED_MS);
  }

  /** Goes on with what failed, once the lobby server is there. Whoever dismissed the error, or began something else, does not want it any more. */
  async #askForBroker(code: string, retry: () => void): Promise<void> {
    const { gateway, page } = this.#options;
    const asking = this.#asking;
    const isWanted = (): boolean => this.#asking === asking && this.errors.code === code;
    if (!isWanted()) return window.clearInterval(asking);
    const codeLength = await gateway.codeLength(page.broker);
    if (codeLength === undefined || !isWanted()) return;
    window.clearInterval(asking);
    if (code === "BROKER_UNREACHABLE") this.#lobbiesBackAtMs = performance.now() + LOBBIES_BACK_MS;
    this.#codeLength = codeLength;
    this.#home?.setCodeLength(codeLength);
    retry();
  }

  #takeSeatBack(): void {
    const code = this.#typedCode;
    void this.#enter(
      strings.home.resuming,
      (request) => this.#resume(code, { ...request, takeOver: true }),
      () => this.#join(code),
    );
  }

  #host(choice: HostChoice): void {
    const { gateway } = this.#options;
    void this.#enter(
      strings.home.hosting,
      (request) => gateway.host({ ...request, ...choice }),
      () => this.#host(choice),
    );
  }

  #quick(): void {
    const { gateway } = this.#options;
    void this.#enter(
      strings.home.matching,
      (request) => gateway.quickMatch(request),
      () => this.#quick(),
    );
  }

  #list(): void {
    const { gateway } = this.#options;
    openList({
      watch: (filter, signal) => gateway.watchLobbies({ ...this.#broker(), filter, signal }),
      onJoin: (code, waits) => this.#join(code, waits ? { as: "queue" } : {}),
      onQuick: () => this.#quick(),
    });
  }

  #play(): void {
    this.#cancel();
    this.errors.clear();
    this.#options.history.enter(undefined);
    this.#session = new SoloSession(this, this.#options.gateway);
  }

  #check(): void {
    const { gateway } = this.#options;
    const { announcer, stage } = this;
    openCheck({ announcer, stage, diagnose: (request) => gateway.diagnose({ ...this.#broker(), ...request }) });
  }

  #broker(): { readonly broker?: string } {
    const { broker } = this.#options.page;
    return broker === undefined ? {} : { broker };
  }

  #cancel(): void {
    this.#attempt?.abort();
    this.#attempt = undefined;
    this.#home?.setBusy(undefined);
  }

  /** Back to the seat of before a reload, else to the lobby of the address, else nowhere. */
  async #resume(code: string | undefined, request: ResumeRequest): Promise<RubberbandLobby | undefined> {
    const { gateway } = this.#options;
    const resumed = await gateway.resume(request).catch((error: unknown) => {
      // The seat or the lobby is gone: nothing to tell somebody who only opened a page.
      if (["SEAT_EXPIRED", "LOBBY_NOT_FOUND"].includes(errorText(error).code)) return undefined;
      throw error;
    });
    if (resumed === undefined || (code !== undefined && resumed.code !== code)) {
      await resumed?.leave();
      if (code === undefined || request.signal?.aborted === true) return undefined;
      this.#home?.setBusy(strings.home.joining(code));
      return gateway.join(this.#withSecret(code), request);
    }
    return resumed;
  }

  async #enter(busy: string, attempt: (request: JoinRequest) => Promise<RubberbandLobby | undefined>, retry?: () => void): Promise<void> {
    this.#cancel();
    closeDialogs();
    this.errors.clear();
    const controller = new AbortController();
    this.#attempt = controller;
    this.#home?.setBusy(busy);
    try {
      const lobby = await attempt(this.#request(controller.signal));
      if (controller.signal.aborted) await lobby?.leave();
      else if (lobby !== undefined) this.#open(lobby);
    } catch (error) {
      if (controller.signal.aborted) return;
      this.#showError(error, retry ?? (() => void this.start()));
    } finally {
      if (this.#attempt === controller) this.#cancel();
    }
  }

  #request(signal: AbortSignal): JoinRequest {
    const { name, colour } = this.identity;
    return { name, colour, choices: null, signal, ...this.#broker() };
  }

  #open(lobby: RubberbandLobby): void {
    this.#home?.setBusy(undefined);
    this.#home = undefined;
    this.#typedCode = lobby.code;
    this.#options.history.enter(lobby.code);
    this.#session = new LobbySession(this, lobby);
  }
}
