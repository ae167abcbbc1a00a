import type { Gateway } from "../net/gateway.ts";
import type { Announcer } from "./announcer.ts";
import { CheckPanel } from "./check-panel.ts";
import { openDialog } from "./dialog.ts";
import type { Stage } from "./stage.ts";
import { strings } from "./strings.ts";

export interface CheckDialogOptions {
  readonly diagnose: Gateway["diagnose"];
  readonly announcer: Announcer;
  readonly stage: Stage;
}

/** Checks the connection in a dialog, over whatever screen is up: a lobby goes on below it. Closing it stops the check. */
export function openCheck({ diagnose, announcer, stage }: CheckDialogOptions): void {
  const panel = new CheckPanel({ diagnose, announcer });
  // Times are measured, and drawing in software takes all of an old device.
  stage.setStill(true);
  openDialog({
    title: strings.check.heading,
    className: "check-dialog",
    body: [panel.root],
    onClose: () => {
      panel.stop();
      stage.setStill(false);
    },
  });
  panel.start();
}
