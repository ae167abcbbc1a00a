import { parseByField, replies, type FieldReaders } from "./broker-message.ts";
import { count, salt, secret } from "./lobby-fields.ts";
import type { PasswordChallenge } from "./lobby-password.ts";
import { object, oneOf, type FrameParse } from "./lobby-shape.ts";
import type { ChallengeMessage } from "./lobby-list-types.ts";

const result = object<PasswordChallenge>({ salt, nonce: secret });
const granted = object<Extract<ChallengeMessage, { readonly ok: true }>>({ reply: count, ok: oneOf([true]), result });

const readers: FieldReaders<ChallengeMessage> = [replies(granted)];

/** Reads the answer to a `challenge`. */
export function parseChallengeMessage(frame: string): FrameParse<ChallengeMessage> {
  return parseByField(frame, readers);
}
