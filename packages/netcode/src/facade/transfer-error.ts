import type { TransferFailure } from "./content-types.ts";
import { NetcodeError } from "./netcode-error.ts";

const SENTENCES: Readonly<Record<TransferFailure, string>> = {
  refused: "The file was not wanted.",
  "too-large": "The file is larger than the other end takes.",
  "too-many": "Too many files are on their way already.",
  cancelled: "The file was cancelled.",
  corrupt: "The file did not arrive as it was sent.",
  gone: "The other end is gone.",
};

/** A file that did not arrive. */
export function transferError(failure: TransferFailure): NetcodeError {
  return new NetcodeError("TRANSFER_FAILED", { message: SENTENCES[failure] });
}
