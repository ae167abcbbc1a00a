import { Synth } from "./synth.ts";

const STORAGE_KEY = "rubberband.muted";
/** The same sound again within this time is left out: eight tiles that crack at once are one crack. */
const REPEAT_MS = 45;
/** A pentatonic scale from C5: whatever sounds together, sounds well. */
const NOTES_HZ: readonly number[] = [523.25, 587.33, 659.25, 783.99, 880, 1046.5, 1174.66, 1318.51];

/** What Rubberband sounds like. Remembers on this device whether it is muted. `pan`: −1 left … 1 right; `strength`: 0–1. */
export class Sounds {
  readonly #synth = new Synth();
  readonly #last = new Map<string, number>();
  #muted: boolean = readMuted();

  constructor() {
    this.#synth.setMuted(this.#muted);
  }

  get muted(): boolean {
    return this.#muted;
  }

  setMuted(muted: boolean): void {
    this.#muted = muted;
    this.#synth.setMuted(muted);
    try {
      localStorage.setItem(STORAGE_KEY, muted ? "1" : "0");
    } catch {
      // Storage may be forbidden; then it is remembered for this page only.
    }
  }

  unlock(): void {
    this.#synth.unlock();
  }

  dispose(): void {
    this.#synth.dispose();
  }

  snap(pan: number, isLocal: boolean): void {
    if (this.#repeats("snap")) return;
    const volume = isLocal ? 0.34 : 0.15;
    this.#synth.noise({ filter: "bandpass", fromHz: 500, toHz: 4_200, seconds: 0.28, volume, sharpness: 2.2 }, pan);
    this.#synth.tone({ wave: "triangle", fromHz: 180, toHz: 940, seconds: 0.24, volume: volume * 0.6 }, pan);
  }

  rescue(pan: number): void {
    this.#synth.tone({ wave: "sine", fromHz: 440, toHz: 1_320, seconds: 0.35, volume: 0.16 }, pan);
  }

  land(pan: number): void {
    if (this.#repeats("land")) return;
    this.#synth.tone({ wave: "sine", fromHz: 150, toHz: 44, seconds: 0.26, volume: 0.36 }, pan);
    this.#synth.noise({ filter: "lowpass", fromHz: 900, toHz: 120, seconds: 0.2, volume: 0.16, sharpness: 0.8 }, pan);
  }

  hit(pan: number, strength: number): void {
    if (this.#repeats("hit")) return;
    this.#synth.tone(
      { wave: "sine", fromHz: 320 - strength * 120, toHz: 50, seconds: 0.24 + strength * 0.12, volume: 0.3 + strength * 0.25 },
      pan,
    );
    this.#synth.tone({ wave: "square", fromHz: 720, toHz: 160, seconds: 0.09, volume: 0.09 + strength * 0.08 }, pan);
    this.#synth.noise({ filter: "highpass", fromHz: 2_600, toHz: 900, seconds: 0.12, volume: 0.16 + strength * 0.14, sharpness: 0.7 }, pan);
  }

  bump(pan: number, strength: number): void {
    if (strength < 0.12 || this.#repeats("bump")) return;
    this.#synth.tone({ wave: "sine", fromHz: 210 + strength * 160, toHz: 120, seconds: 0.1, volume: 0.07 + strength * 0.16 }, pan);
  }

  clash(pan: number): void {
    this.hit(pan, 1);
    this.#synth.tone({ wave: "sawtooth", fromHz: 1_400, toHz: 300, seconds: 0.3, volume: 0.1 }, pan);
  }

  crack(pan: number): void {
    if (this.#repeats("crack")) return;
    this.#synth.noise({ filter: "bandpass", fromHz: 2_900, toHz: 1_200, seconds: 0.07, volume: 0.1, sharpness: 3 }, pan);
  }

  tileFall(pan: number): void {
    if (this.#repeats("tile")) return;
    this.#synth.noise({ filter: "lowpass", fromHz: 700, toHz: 70, seconds: 0.42, volume: 0.09, sharpness: 1.2 }, pan);
  }

  warning(): void {
    for (let beat = 0; beat < 3; beat++) {
      this.#synth.tone({ wave: "square", fromHz: 196, toHz: 185, seconds: 0.16, volume: 0.045, afterSeconds: beat * 0.24 });
    }
  }

  fall(pan: number, isLocal: boolean): void {
    this.#synth.tone({ wave: "sine", fromHz: 760, toHz: 90, seconds: 0.75, volume: isLocal ? 0.2 : 0.1, attackSeconds: 0.03 }, pan);
  }

  out(pan: number): void {
    this.#synth.tone({ wave: "triangle", fromHz: 130, toHz: 40, seconds: 0.4, volume: 0.24 }, pan);
  }

  comet(): void {
    this.#synth.noise({ filter: "bandpass", fromHz: 180, toHz: 1_500, seconds: 1.6, volume: 0.2, sharpness: 1.4 });
    this.#synth.tone({ wave: "sawtooth", fromHz: 60, toHz: 120, seconds: 1.5, volume: 0.09, attackSeconds: 0.5 });
  }

  count(): void {
    this.#note(0, 0.12, 0.16, 0);
  }

  go(): void {
    this.#note(5, 0.4, 0.2, 0);
    this.#note(3, 0.4, 0.14, 0);
  }

  roundEnd(won: boolean): void {
    const tune = won ? [0, 2, 3, 5] : [3, 2, 0];
    tune.forEach((note, index) => this.#note(note, 0.26, 0.16, index * 0.11));
  }

  matchEnd(won: boolean): void {
    const tune = won ? [0, 2, 3, 5, 3, 5, 7] : [5, 3, 2, 0];
    tune.forEach((note, index) => this.#note(note, index === tune.length - 1 ? 0.9 : 0.24, 0.18, index * 0.13));
  }

  #note(note: number, seconds: number, volume: number, afterSeconds: number): void {
    const hz = NOTES_HZ[note] ?? 523.25;
    this.#synth.tone({ wave: "triangle", fromHz: hz, toHz: hz, seconds, volume, afterSeconds });
    this.#synth.tone({ wave: "sine", fromHz: hz / 2, toHz: hz / 2, seconds, volume: volume * 0.6, afterSeconds });
  }

  #repeats(name: string): boolean {
    const nowMs = performance.now();
    const repeated = nowMs - (this.#last.get(name) ?? -Infinity) < REPEAT_MS;
    if (!repeated) this.#last.set(name, nowMs);
    return repeated;
  }
}

function readMuted(): boolean {
  try {
    return localStorage.getItem(STORAGE_KEY) === "1";
  } catch {
    return false;
  }
}
