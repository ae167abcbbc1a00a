import type { CheckStatus, DiagnosisLine, Verdict } from "../ports/diagnosis.ts";

const MARKS: Readonly<Record<CheckStatus, string>> = { ok: "[ ok ]", warn: "[warn]", fail: "[FAIL]", skipped: "[ -- ]" };

export interface ReportContent {
  readonly verdict: Verdict;
  readonly lines: readonly DiagnosisLine[];
  readonly userAgent: string;
  readonly elapsedMs: number;
}

/** The diagnosis as plain text, to be pasted where help is asked for. */
export function reportText({ verdict, lines, userAgent, elapsedMs }: ReportContent): string {
  const head = ["Rollcall connection report", `${verdict.sentence} (${verdict.reach})`, ""];
  const body = lines.flatMap(({ id, status, sentence, remedy, details }) => [
    `${MARKS[status]} ${id}: ${sentence}`,
    ...(remedy === undefined ? [] : [`       ${remedy}`]),
    ...(Object.keys(details).length === 0 ? [] : [`       ${detailText(details)}`]),
  ]);
  return [...head, ...body, "", `${(elapsedMs / 1_000).toFixed(1)} s, ${userAgent}`].join("\n");
}

function detailText(details: DiagnosisLine["details"]): string {
  return Object.entries(details)
    .map(([name, value]) => `${name}=${value}`)
    .join(" ");
}
