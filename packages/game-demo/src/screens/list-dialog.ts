import { openDialog } from "./dialog.ts";
import { ListPanel, type ListPanelOptions } from "./list-panel.ts";
import { strings } from "./strings.ts";

/** Shows the public list over the title, and follows it while it is open. */
export function openList({ watch, onJoin, onQuick }: ListPanelOptions): void {
  const panel = new ListPanel({
    watch,
    onJoin: (code, waits) => {
      close();
      onJoin(code, waits);
    },
    onQuick: () => {
      close();
      onQuick();
    },
  });
  const close = openDialog({
    title: strings.list.heading,
    className: "list-dialog",
    body: [panel.root],
    onClose: () => panel.stop(),
  });
  panel.start();
}
