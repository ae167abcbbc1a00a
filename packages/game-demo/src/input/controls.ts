import type { RubberbandInput } from "../sim/index.ts";
import { readGamepad } from "./gamepad.ts";
import { Keyboard, keySetOf } from "./keyboard.ts";
import { stickDirection } from "./stick.ts";
import { TouchControls } from "./touch-controls.ts";

/** Everything that can steer: keys, touch, gamepads. Several players may share this page. */
export class Controls {
  readonly touch: TouchControls;
  readonly #keyboard: Keyboard;
  #players: readonly number[] = [];
  /** Where each player looks while nothing is pushed. */
  readonly #directions = new Map<number, number>();

  constructor(onGesture: () => void) {
    this.#keyboard = new Keyboard(onGesture);
    this.touch = new TouchControls(onGesture);
  }

  /** Players of this page, in order; none while nobody plays here. */
  setPlayers(players: readonly number[]): void {
    this.#players = players;
    this.#keyboard.clear();
    this.touch.setActive(players.length > 0);
  }

  /** Input of one player now. The last direction stays while nothing is pushed. */
  readInput(player: number): RubberbandInput {
    const order = this.#players.indexOf(player);
    if (order < 0) return { direction: 0, move: false, snap: false };
    const keys = keySetOf(order, this.#players.length);
    const down = (codes: readonly string[]): number => Number(this.#keyboard.take(codes));
    const arrows = { x: down(keys.right) - down(keys.left), y: down(keys.down) - down(keys.up) };
    const pad = readGamepad(order);
    const touch = order === 0 ? this.touch : undefined;
    const direction =
      stickDirection(arrows) ?? (touch === undefined ? undefined : stickDirection(touch.stick)) ?? stickDirection(pad.stick);
    if (direction !== undefined) this.#directions.set(player, direction);
    return {
      direction: direction ?? this.#directions.get(player) ?? 0,
      move: direction !== undefined,
      snap: [this.#keyboard.take(keys.snap), touch?.takeSnap() === true, pad.snap].includes(true),
    };
  }

  dispose(): void {
    this.#keyboard.dispose();
    this.touch.dispose();
  }
}
