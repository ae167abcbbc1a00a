import { PALETTE } from "../sim/index.ts";
import { cleanName, friendlyName } from "./player-name.ts";

const NAME_KEY = "rubberband.name";
const COLOUR_KEY = "rubberband.colour";

export interface IdentityOptions {
  /** From the address; wins over the remembered name and is not remembered itself. */
  readonly presetName: string | undefined;
  readonly storage: Pick<Storage, "getItem" | "setItem">;
  /** A whole number in 0 … `limit` − 1. */
  readonly pick: (limit: number) => number;
}

/** Who we are: a name and a colour, remembered on this device. Never empty. */
export class Identity {
  readonly #storage: Pick<Storage, "getItem" | "setItem">;
  #name: string;
  #colour: number;

  constructor(options: IdentityOptions) {
    this.#storage = options.storage;
    const remembered = cleanName(this.#storage.getItem(NAME_KEY) ?? "");
    const known = options.presetName ?? (remembered === "" ? undefined : remembered);
    this.#name = known ?? friendlyName(options.pick);
    const colour = Number.parseInt(this.#storage.getItem(COLOUR_KEY) ?? "", 10);
    const usable = colour >= 0 && colour < PALETTE.length;
    this.#colour = usable ? colour : options.pick(PALETTE.length);
  }

  get name(): string {
    return this.#name;
  }

  get colour(): number {
    return this.#colour;
  }

  /** Returns the name as it is now: cleaned, or the old one when nothing was left. */
  rename(text: string): string {
    const name = cleanName(text);
    if (name !== "" && name !== this.#name) {
      this.#name = name;
      this.#storage.setItem(NAME_KEY, name);
    }
    return this.#name;
  }

  recolour(colour: number): void {
    this.#colour = colour;
    this.#storage.setItem(COLOUR_KEY, String(colour));
  }
}
