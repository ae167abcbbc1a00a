import { error, parseByField, type FieldReaders } from "./broker-message.ts";
import { count, salt, secret } from "./lobby-fields.ts";
import type { PasswordChallenge } from "./lobby-password.ts";
import { isRecord, object, oneOf, type FrameParse } from "./lobby-shape.ts";
import type { ChallengeMessage } from "./lobby-list-types.ts";

const result = object<PasswordChallenge>({ salt, nonce: secret });
const granted = object<Extract<ChallengeMessage, { readonly ok: true }>>({ reply: count, ok: oneOf([true]), result });
const refused = object<Extract<ChallengeMessage, { readonly ok: false }>>({ reply: count, ok: oneOf([false]), error });

const readers: FieldReaders<ChallengeMessage> = [
  ["reply", (value) => (isRecord(value) && value["ok"] === true ? granted(value) : refused(value))],
];

/** Reads the answer to a `challenge`. */
export function parseChallengeMessage(frame: string): FrameParse<ChallengeMessage> {
  return parseByField(frame, readers);
}
