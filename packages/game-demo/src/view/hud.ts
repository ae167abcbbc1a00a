import type { RubberbandState } from "../sim/index.ts";
import { FRAME_RATE_HZ, PHASE, STATUS, SUDDEN_DEATH_FRAME, lookAt } from "../sim/index.ts";
import { lookBadge } from "./look-badge.ts";

/** Kinds of banner: how it looks and how long it stays, in ms. */
const BANNER_MS = { round: 1_300, count: 560, go: 800, alarm: 1_500, ice: 1_300, good: 1_200, winner: 2_100 } as const;
export type BannerKind = keyof typeof BANNER_MS;

/** Who sits where. */
export interface HudSeat {
  readonly name: string;
  readonly look: number;
  readonly isLocal: boolean;
}

interface Row {
  readonly root: HTMLElement;
  readonly pips: readonly HTMLElement[];
  wins: number;
  isOut: boolean;
}

/** What stands over the picture, in the DOM: who is left and who has won how much, the time, banners. */
export class Hud {
  readonly root: HTMLElement = document.createElement("div");
  readonly #roster: HTMLElement = box("arena-roster");
  readonly #timer: HTMLElement = box("arena-timer");
  readonly #banner: HTMLElement = box("arena-banner");
  readonly #hint: HTMLElement = box("arena-hint");
  #rows: Row[] = [];
  #seats: readonly HudSeat[] = [];
  #secondsShown = -1;
  #roundShown = -1;
  #bannerTimer = 0;

  constructor() {
    this.root.className = "arena-hud";
    this.root.append(this.#roster, this.#timer, this.#banner, this.#hint);
    this.root.setAttribute("aria-hidden", "true");
    this.hide();
  }

  hide(): void {
    this.root.hidden = true;
    this.#roundShown = -1;
  }

  show(seats: readonly HudSeat[], roundsMax: number): void {
    this.#seats = seats;
    this.#rows = seats.map((seat) => makeRow(seat, Math.ceil((roundsMax + 1) / 2)));
    this.#roster.replaceChildren(...this.#rows.map((row) => row.root));
    this.#banner.replaceChildren();
    this.#secondsShown = -1;
    this.#roundShown = -1;
    this.setHint(undefined);
    this.root.hidden = false;
  }

  update(state: RubberbandState): void {
    const { match, discs } = state;
    discs.forEach((disc, player) => this.#updateRow(player, disc.wins, disc.status === STATUS.out));
    const seconds = Math.max(0, Math.ceil((SUDDEN_DEATH_FRAME - match.roundFrames) / FRAME_RATE_HZ));
    if (seconds !== this.#secondsShown) {
      this.#secondsShown = seconds;
      this.#timer.textContent = String(seconds);
      this.#timer.classList.toggle("is-urgent", seconds <= 5);
    }
    // Not before frame 0: until then the page counts down.
    if (match.phase === PHASE.intro && match.phaseFrames > 0 && match.round !== this.#roundShown) {
      this.#roundShown = match.round;
      this.announce(match.round + 1 === match.roundsMax && match.roundsMax > 1 ? "Last round" : `Round ${match.round + 1}`, "round");
    }
  }

  /** How to play, for a first round; `undefined` when it is known. */
  setHint(text: string | undefined): void {
    this.#hint.hidden = text === undefined;
    if (text !== undefined) this.#hint.textContent = text;
  }

  announce(text: string, kind: BannerKind): void {
    this.#put(kind, text, undefined);
  }

  announceWinner(player: number, text: string): void {
    this.#put("winner", text, this.#seats[player]?.look);
  }

  /** Marks who is out, and who gets the credit. */
  noteOut(player: number, by: number): void {
    this.#rows[player]?.root.classList.add("is-out");
    const row = this.#rows[by]?.root;
    if (row === undefined) return;
    row.classList.remove("has-scored");
    // Reading the size restarts the animation (CSSWG: a style change must be seen between two runs).
    void row.offsetWidth;
    row.classList.add("has-scored");
  }

  dispose(): void {
    window.clearTimeout(this.#bannerTimer);
    this.root.remove();
  }

  #updateRow(player: number, wins: number, isOut: boolean): void {
    const row = this.#rows[player];
    if (row === undefined || (row.wins === wins && row.isOut === isOut)) return;
    row.wins = wins;
    row.isOut = isOut;
    row.root.classList.toggle("is-out", isOut);
    row.pips.forEach((pip, index) => pip.classList.toggle("is-won", index < wins));
  }

  #put(kind: BannerKind, text: string, look: number | undefined): void {
    const line = box(`arena-banner-line is-${kind}`);
    if (look !== undefined) {
      line.append(lookBadge(look));
      line.style.setProperty("--look", lookAt(look).colour);
    }
    line.append(text);
    this.#banner.replaceChildren(line);
    window.clearTimeout(this.#bannerTimer);
    this.#bannerTimer = window.setTimeout(() => line.remove(), BANNER_MS[kind]);
  }
}

function makeRow(seat: HudSeat, pipCount: number): Row {
  const root = box("arena-row");
  root.style.setProperty("--look", lookAt(seat.look).colour);
  root.classList.toggle("is-local", seat.isLocal);
  const name = box("arena-name");
  name.textContent = seat.name;
  const pips = Array.from({ length: pipCount }, () => box("arena-pip"));
  const pipBox = box("arena-pips");
  pipBox.append(...pips);
  root.append(lookBadge(seat.look), name, pipBox);
  return { root, pips, wins: 0, isOut: false };
}

function box(className: string): HTMLElement {
  const element = document.createElement("div");
  element.className = className;
  return element;
}
