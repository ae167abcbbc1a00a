import { helpAnchorOf } from "../ports/help-anchor.ts";
import type { CheckDetails, CheckId, CheckStatus, DiagnosisLine } from "../ports/diagnosis.ts";

/** What a judge says of one finding. */
export interface Judgement {
  readonly status: CheckStatus;
  readonly sentence: string;
  readonly remedy?: string;
  readonly details?: CheckDetails;
}

export function lineOf(id: CheckId, { status, sentence, remedy, details = {} }: Judgement): DiagnosisLine {
  return { id, status, sentence, ...(remedy === undefined ? {} : { remedy }), anchor: helpAnchorOf(`check-${id}`), details };
}

export function skipped(id: CheckId, sentence: string): DiagnosisLine {
  return lineOf(id, { status: "skipped", sentence });
}

/** A whole number for people and reports. */
export function rounded(value: number): number {
  return Math.round(value);
}
