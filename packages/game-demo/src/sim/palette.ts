/** One look that a player may have: a colour and a shape, so that nobody depends on colour alone. */
export interface Look {
  readonly name: string;
  /** `#rrggbb`. */
  readonly colour: string;
  readonly shape: LookShape;
}

export type LookShape = "circle" | "square" | "triangle" | "diamond" | "pentagon" | "star" | "hexagon" | "cross";

/**
 * The colours of Okabe and Ito (2008), told apart with every common colour blindness; their black is white here, on a dark sky,
 * and blue and green are a step lighter for the same reason.
 */
export const PALETTE: readonly Look[] = [
  { name: "Orange", colour: "#e69f00", shape: "circle" },
  { name: "Sky", colour: "#56b4e9", shape: "square" },
  { name: "Green", colour: "#0fb488", shape: "triangle" },
  { name: "Yellow", colour: "#f0e442", shape: "diamond" },
  { name: "Blue", colour: "#3d7eff", shape: "pentagon" },
  { name: "Red", colour: "#e8590c", shape: "star" },
  { name: "Pink", colour: "#d884b4", shape: "hexagon" },
  { name: "White", colour: "#f4f4f8", shape: "cross" },
];

const FALLBACK: Look = { name: "White", colour: "#f4f4f8", shape: "cross" };

/** The look with this index, from 0; counts round for indexes past the palette. */
export function lookAt(index: number): Look {
  return PALETTE[Math.abs(Math.trunc(index)) % PALETTE.length] ?? FALLBACK;
}

/**
 * Palette indexes for the seats of a match, from the colours that their players asked for: the first who asks gets the colour, a second
 * one gets the next that is free. Equal on every peer, since seats are.
 */
export function assignLooks(colours: readonly number[]): number[] {
  const taken = new Set<number>();
  return colours.map((colour) => {
    const wanted = Math.abs(Math.trunc(colour)) % PALETTE.length;
    let look = wanted;
    for (let step = 1; taken.has(look) && step < PALETTE.length; step++) look = (wanted + step) % PALETTE.length;
    taken.add(look);
    return look;
  });
}

const BOT_NAMES: readonly string[] = ["Pluto", "Vega", "Rigel", "Mira", "Io", "Ceres", "Juno", "Orion"];

/** A name for the bot in this seat. */
export function botName(seat: number): string {
  return BOT_NAMES[seat % BOT_NAMES.length] ?? "Bot";
}
