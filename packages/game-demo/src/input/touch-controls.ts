import type { Stick } from "./stick.ts";
import { REST } from "./stick.ts";

/** How far the thumb goes from the middle to full, in CSS px. */
const STICK_REACH_PX = 46;

/**
 * A stick that appears under the thumb anywhere on the left, and one button on the right. Shown on the first touch (or at once
 * where a finger is the main pointer). Each finger is followed by its pointer id, so both work together.
 */
export class TouchControls {
  readonly root: HTMLElement = document.createElement("div");
  readonly #zone: HTMLElement = part("touch-zone");
  readonly #base: HTMLElement = part("touch-stick");
  readonly #knob: HTMLElement = part("touch-knob");
  readonly #button: HTMLElement = part("touch-snap");
  readonly #stop = new AbortController();
  #stickPointer: number | undefined;
  #originX = 0;
  #originY = 0;
  #stick: Stick = REST;
  readonly #snapPointers = new Set<number>();
  #tapped = false;

  constructor(onGesture: () => void) {
    this.root.className = "touch-controls";
    this.#base.append(this.#knob);
    this.#button.textContent = "SNAP";
    this.root.append(this.#zone, this.#base, this.#button);
    this.root.setAttribute("aria-hidden", "true");
    this.#listen(onGesture);
    if (matchMedia("(pointer: coarse)").matches) this.#show();
  }

  get stick(): Stick {
    return this.#stick;
  }

  /** True once this page is known to be used by touch. */
  get isShown(): boolean {
    return this.root.classList.contains("is-touch");
  }

  /** True while the button is held, or was tapped since the last time it was asked for. */
  takeSnap(): boolean {
    const taken = this.#tapped || this.#snapPointers.size > 0;
    this.#tapped = false;
    return taken;
  }

  /** Off while nobody plays here. */
  setActive(active: boolean): void {
    this.root.classList.toggle("is-active", active);
    if (active) return;
    this.#releaseStick();
    this.#snapPointers.clear();
    this.#tapped = false;
  }

  /** Share of the band's recovery, 0–1, drawn as a ring around the button. */
  setReady(share: number): void {
    this.#button.style.setProperty("--ready", `${Math.round(share * 100)}%`);
    this.#button.classList.toggle("is-ready", share >= 1);
  }

  dispose(): void {
    this.#stop.abort();
    this.root.remove();
  }

  #show(): void {
    this.root.classList.add("is-touch");
  }

  #listen(onGesture: () => void): void {
    const { signal } = this.#stop;
    window.addEventListener("pointerdown", (event) => (event.pointerType === "touch" ? this.#show() : undefined), {
      signal,
      capture: true,
    });
    this.#zone.addEventListener("pointerdown", (event) => this.#grab(event, onGesture), { signal });
    this.#zone.addEventListener("pointermove", (event) => this.#drag(event), { signal });
    for (const end of ["pointerup", "pointercancel", "lostpointercapture"] as const) {
      this.#zone.addEventListener(end, (event) => (event.pointerId === this.#stickPointer ? this.#releaseStick() : undefined), { signal });
      this.#button.addEventListener(end, (event) => this.#release(event.pointerId), { signal });
    }
    this.#button.addEventListener("pointerdown", (event) => this.#press(event, onGesture), { signal });
    // Long presses and double taps belong to the game here.
    for (const event of ["contextmenu", "touchstart", "touchmove"] as const) {
      this.root.addEventListener(event, (occurred) => occurred.preventDefault(), { signal, passive: false });
    }
  }

  #grab(event: PointerEvent, onGesture: () => void): void {
    onGesture();
    if (this.#stickPointer !== undefined) return;
    this.#stickPointer = event.pointerId;
    this.#zone.setPointerCapture(event.pointerId);
    const bounds = this.root.getBoundingClientRect();
    this.#originX = event.clientX;
    this.#originY = event.clientY;
    this.#base.style.transform = `translate(${event.clientX - bounds.left}px, ${event.clientY - bounds.top}px)`;
    this.#base.classList.add("is-held");
    event.preventDefault();
  }

  #drag(event: PointerEvent): void {
    if (event.pointerId !== this.#stickPointer) return;
    const dx = event.clientX - this.#originX;
    const dy = event.clientY - this.#originY;
    const reach = Math.max(1, Math.hypot(dx, dy) / STICK_REACH_PX);
    this.#stick = { x: dx / STICK_REACH_PX / reach, y: dy / STICK_REACH_PX / reach };
    this.#knob.style.transform = `translate(${this.#stick.x * STICK_REACH_PX}px, ${this.#stick.y * STICK_REACH_PX}px)`;
  }

  #releaseStick(): void {
    this.#stickPointer = undefined;
    this.#stick = REST;
    this.#base.classList.remove("is-held");
    this.#knob.style.transform = "";
  }

  #press(event: PointerEvent, onGesture: () => void): void {
    onGesture();
    this.#button.setPointerCapture(event.pointerId);
    this.#snapPointers.add(event.pointerId);
    this.#tapped = true;
    this.#button.classList.add("is-held");
    event.preventDefault();
  }

  #release(pointerId: number): void {
    this.#snapPointers.delete(pointerId);
    this.#button.classList.toggle("is-held", this.#snapPointers.size > 0);
  }
}

function part(className: string): HTMLElement {
  const element = document.createElement("div");
  element.className = className;
  return element;
}
