import { CHECK_TITLES, type CheckId, type CheckStatus, type Diagnosis, type DiagnosisLine } from "./check-model.ts";
import { copyText } from "../net/clipboard.ts";
import type { Gateway } from "../net/gateway.ts";
import type { Announcer } from "./announcer.ts";
import { element, setText } from "./element.ts";
import { icon, type IconName } from "./icon.ts";
import { strings } from "./strings.ts";

/** "Copied" stays long enough to be read after looking up from the finger. */
const COPIED_MS = 2_000;

const STATUS_ICONS: Readonly<Record<CheckStatus, IconName>> = { ok: "check", warn: "warning", fail: "close", skipped: "dash" };
const REACH_STATUS: Readonly<Record<Diagnosis["verdict"]["reach"], CheckStatus>> = {
  anybody: "ok",
  most: "ok",
  few: "warn",
  nobody: "fail",
  unknown: "skipped",
};

export interface CheckPanelOptions {
  readonly diagnose: Gateway["diagnose"];
  readonly announcer: Announcer;
}

/** The check of the connection as it goes on: the verdict on top, a line for each check, and a report to hand on. */
export class CheckPanel {
  readonly root: HTMLElement;
  readonly #options: CheckPanelOptions;
  readonly #verdict: HTMLElement = element("div", { class: "check-verdict", role: "status", "data-testid": "check-verdict" });
  readonly #rows = new Map<CheckId, HTMLElement>();
  readonly #copy: HTMLButtonElement;
  readonly #copyLabel: HTMLElement = element("span", {}, strings.check.copy);
  readonly #again: HTMLButtonElement;
  readonly #report: HTMLTextAreaElement = element("textarea", {
    class: "check-report",
    readonly: true,
    rows: "10",
    "aria-label": strings.check.report,
    "data-testid": "check-report",
  });
  readonly #details: HTMLDetailsElement;
  #done = 0;
  #run: AbortController | undefined;
  #timer: number | undefined;

  constructor(options: CheckPanelOptions) {
    this.#options = options;
    this.#copy = element(
      "button",
      { type: "button", class: "button primary", disabled: true, onclick: () => void this.#copyReport() },
      icon("copy"),
      this.#copyLabel,
    );
    this.#again = element("button", { type: "button", class: "button", disabled: true, onclick: () => this.start() }, strings.check.again);
    this.#details = element("details", { class: "check-details", hidden: true }, element("summary", {}, strings.check.show), this.#report);
    const list = element("ol", { class: "check-lines" });
    for (const [id] of CHECK_TITLES) {
      const row = element("li", { class: "check-line", "data-testid": `check-${id}` });
      this.#rows.set(id, row);
      list.append(row);
    }
    const buttons = element("div", { class: "check-buttons" }, this.#copy, this.#again);
    this.root = element("div", { class: "check" }, this.#verdict, list, this.#details, buttons);
  }

  /** Checks from the beginning. */
  start(): void {
    this.stop();
    const run = new AbortController();
    this.#run = run;
    this.#done = 0;
    this.#copy.disabled = true;
    this.#again.disabled = true;
    this.#details.hidden = true;
    for (const [id, title] of CHECK_TITLES) this.#drawRow(id, title, "waiting");
    this.#drawProgress();
    void this.#check(run);
  }

  /** Frees whatever the check holds. */
  stop(): void {
    this.#run?.abort();
    this.#run = undefined;
    window.clearTimeout(this.#timer);
  }

  async #check(run: AbortController): Promise<void> {
    try {
      const diagnosis = await this.#options.diagnose({
        signal: run.signal,
        onStep: (step) => {
          if (run.signal.aborted) return;
          if (step.state === "running") this.#drawRow(step.id, titleOf(step.id), "running");
          else this.#finishRow(step.line);
        },
      });
      if (!run.signal.aborted) this.#finish(diagnosis);
    } catch {
      // The part of the page that checks could not be loaded.
      if (!run.signal.aborted) this.#drawVerdict("fail", strings.check.notLoaded, strings.check.notLoadedRemedy);
      this.#again.disabled = false;
    }
  }

  #finishRow(line: DiagnosisLine): void {
    this.#done += 1;
    this.#drawRow(line.id, titleOf(line.id), line.status, line);
    this.#drawProgress();
  }

  #finish({ verdict, report }: Diagnosis): void {
    this.#drawVerdict(REACH_STATUS[verdict.reach], verdict.sentence, verdict.remedy);
    this.#options.announcer.say(verdict.sentence);
    this.#report.value = report;
    this.#details.hidden = false;
    this.#copy.disabled = false;
    this.#again.disabled = false;
  }

  #drawRow(id: CheckId, title: string, state: CheckStatus | "waiting" | "running", line?: DiagnosisLine): void {
    const row = this.#rows.get(id);
    if (row === undefined) return;
    row.dataset["state"] = state;
    const mark = element("span", { class: "check-mark" });
    if (state === "running") mark.append(element("span", { class: "spinner" }));
    else if (state !== "waiting") mark.append(icon(STATUS_ICONS[state]));
    const text = element(
      "div",
      { class: "check-text" },
      element("p", { class: "check-title" }, title, element("span", { class: "visually-hidden" }, `: ${strings.check.states[state]}`)),
      line === undefined ? undefined : element("p", { class: "check-sentence" }, line.sentence),
      line?.remedy === undefined ? undefined : element("p", { class: "check-remedy" }, line.remedy),
    );
    row.replaceChildren(mark, text);
  }

  #drawProgress(): void {
    const ratio = this.#done / CHECK_TITLES.length;
    const ring = element("span", { class: "check-ring", style: `--done: ${ratio}` });
    const count = element("p", { class: "check-count" }, strings.check.progress(this.#done, CHECK_TITLES.length));
    this.#verdict.dataset["state"] = "running";
    this.#verdict.replaceChildren(ring, element("div", {}, element("p", { class: "check-say" }, strings.check.running), count));
  }

  #drawVerdict(status: CheckStatus, sentence: string, remedy: string | undefined): void {
    this.#verdict.dataset["state"] = status;
    this.#verdict.replaceChildren(
      element("span", { class: "check-mark" }, icon(STATUS_ICONS[status])),
      element(
        "div",
        {},
        element("p", { class: "check-say" }, sentence),
        remedy === undefined ? undefined : element("p", { class: "check-count" }, remedy),
      ),
    );
  }

  async #copyReport(): Promise<void> {
    const isCopied = await copyText(this.#report.value);
    const message = isCopied ? strings.check.copied : strings.check.copyFailed;
    if (!isCopied) {
      // Neither way works: at least it can be copied by hand.
      this.#details.open = true;
      this.#report.focus();
      this.#report.select();
    }
    setText(this.#copyLabel, message);
    this.#copy.classList.toggle("done", isCopied);
    this.#options.announcer.say(message);
    window.clearTimeout(this.#timer);
    this.#timer = window.setTimeout(() => {
      setText(this.#copyLabel, strings.check.copy);
      this.#copy.classList.remove("done");
    }, COPIED_MS);
  }
}

function titleOf(id: CheckId): string {
  return CHECK_TITLES.find(([candidate]) => candidate === id)?.[1] ?? id;
}
