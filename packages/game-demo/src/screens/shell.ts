import type { WakeLock } from "../net/wake-lock.ts";
import type { Announcer } from "./announcer.ts";
import type { ErrorBanner } from "./error-banner.ts";
import type { Identity } from "./identity.ts";
import type { Stage } from "./stage.ts";
import type { Toasts } from "./toasts.ts";

export type PhaseName = "home" | "room" | "match" | "result";

/** What is on: one at a time. */
export interface Screen {
  readonly root: HTMLElement;
  /** Gets the focus when the screen comes up. */
  readonly heading: HTMLElement;
  dispose?(): void;
}

/** What the app lends to whoever is in charge of the screen: a lobby's session, or a match alone. */
export interface Shell {
  readonly stage: Stage;
  readonly identity: Identity;
  readonly announcer: Announcer;
  readonly toasts: Toasts;
  readonly errors: ErrorBanner;
  readonly wakeLock: WakeLock;
  readonly localOnly: boolean;
  link(code: string): string;
  show(name: PhaseName, screen: Screen): void;
  /** Shows the error when `action` fails. */
  run(action: Promise<unknown>): void;
  /** Back to the title; with an error, says why. */
  goHome(error?: unknown): void;
}
