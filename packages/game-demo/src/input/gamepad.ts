import type { Stick } from "./stick.ts";
import { REST } from "./stick.ts";

/** What one gamepad says now. */
export interface GamepadReading {
  readonly stick: Stick;
  readonly snap: boolean;
}

const UP = 12;
const DOWN = 13;
const LEFT = 14;
const RIGHT = 15;
const IDLE: GamepadReading = { stick: REST, snap: false };

/** Reads the connected gamepad of this order (0 is the first): left stick or D-pad, and any of the four face buttons. */
export function readGamepad(order: number): GamepadReading {
  const pad = connectedPads()[order];
  if (pad === undefined || pad === null) return IDLE;
  const pressed = (button: number): boolean => pad.buttons[button]?.pressed === true;
  const padX = Number(pressed(RIGHT)) - Number(pressed(LEFT));
  const padY = Number(pressed(DOWN)) - Number(pressed(UP));
  const stick = padX !== 0 || padY !== 0 ? { x: padX, y: padY } : { x: pad.axes[0] ?? 0, y: pad.axes[1] ?? 0 };
  return { stick, snap: pressed(0) || pressed(1) || pressed(2) || pressed(3) };
}

function connectedPads(): readonly (Gamepad | null)[] {
  // Absent in some embedded browsers.
  if (typeof navigator.getGamepads !== "function") return [];
  try {
    return navigator.getGamepads().filter((candidate) => candidate?.connected === true);
  } catch {
    // Forbidden, as in a frame of a page that does not hand the permission on. Asked for with every frame of the match, which goes on without.
    return [];
  }
}
