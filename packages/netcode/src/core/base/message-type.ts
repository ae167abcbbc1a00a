import { assert } from "./assert.ts";
import { ELEMENT_BYTES, type ArrayField, type ElementType } from "./schema.ts";

/** A text of at most `unitsMax` UTF-16 units. */
export interface TextField {
  readonly element: "text";
  readonly unitsMax: number;
}

/** The fields of a message, in order: numbers by `u8()` and its kin, texts by `text()`. */
export type MessageFields = Readonly<Record<string, ArrayField | TextField>>;

type ValueOf<Count extends number> = number extends Count ? number | readonly number[] : Count extends 1 ? number : readonly number[];

/** What a message carries, as the game reads and writes it: a number for a field of one, an array for more, a string for a text. */
export type PayloadOf<Fields extends MessageFields> = {
  readonly [Name in keyof Fields]: Fields[Name] extends ArrayField<ElementType, infer Count> ? ValueOf<Count> : string;
};

/** `reliable`: arrives once and in order. `unreliable`: at most once, at once or never. `latest`: the same, and never after a newer one of its sender. */
export type MessageDelivery = "reliable" | "unreliable" | "latest";

/** One kind of message, as `message` declares it. */
export interface MessageType<Fields extends MessageFields = MessageFields> {
  readonly fields: Fields;
  readonly delivery: MessageDelivery;
  /** Most a second in the long run, of each sender. */
  readonly rateHz: number;
  /** Most at once. */
  readonly burst: number;
}

/** What a game's members may say to each other, by name. */
export type MessageTypes = Readonly<Record<string, MessageType>>;

/** Of a game that declares none. */
// oxlint-disable-next-line typescript/no-generated-empty-object-type -- a game that declares some is such a game, too
export type NoMessages = Readonly<Record<never, MessageType>>;

/** For `message`. */
export interface MessageOptions {
  /** Default: `reliable`. */
  readonly delivery?: MessageDelivery | undefined;
  /** 0.1–60; default 10. */
  readonly rateHz?: number | undefined;
  /** 1–60; default: a second's worth. */
  readonly burst?: number | undefined;
}

/** Longest text of one field: four screens of chat. */
const TEXT_UNITS_MAX = 4_096;
/** Most bytes of a message with all its fields full: an unreliable one fits a datagram that another member forwards; a reliable one is no way to send files. */
const DATAGRAM_BYTES_MAX = 1_100;
const RELIABLE_BYTES_MAX = 16_000;
const RATE_HZ_MAX = 60;
const TYPES_MAX = 64;
const NAME = /^[A-Za-z][A-Za-z0-9_-]{0,63}$/;

/** A text of at most `unitsMax` UTF-16 units, 1–4,096. */
export function text(unitsMax: number): TextField {
  assert(
    Number.isInteger(unitsMax) && unitsMax >= 1 && unitsMax <= TEXT_UNITS_MAX,
    `text(unitsMax) with a whole number in 1–${TEXT_UNITS_MAX}`,
  );
  return { element: "text", unitsMax };
}

/**
 * Declares one kind of message, for `messages` of `defineGame`.
 *
 * ```ts
 * messages: {
 *   emote: message({ kind: u8() }),
 *   cursor: message({ at: f32(2) }, { delivery: "latest", rateHz: 30 }),
 * }
 * ```
 */
export function message<Fields extends MessageFields>(fields: Fields, options: MessageOptions = {}): MessageType<Fields> {
  const { delivery = "reliable", rateHz = 10 } = options;
  const { burst = Math.max(1, Math.ceil(rateHz)) } = options;
  assert(["reliable", "unreliable", "latest"].includes(delivery), "delivery as reliable, unreliable or latest");
  assert(rateHz >= 0.1 && rateHz <= RATE_HZ_MAX, `rateHz in 0.1–${RATE_HZ_MAX}`);
  assert(Number.isInteger(burst) && burst >= 1 && burst <= RATE_HZ_MAX, `burst as a whole number in 1–${RATE_HZ_MAX}`);
  for (const name of Object.keys(fields))
    assert(NAME.test(name), `a letter, then at most 63 letters, digits, _ and - as a field name, got "${name}"`);
  const most = delivery === "reliable" ? RELIABLE_BYTES_MAX : DATAGRAM_BYTES_MAX;
  const sizeBytes = Object.values(fields).reduce((sum, field) => sum + fieldBytesMax(field), 0);
  assert(sizeBytes <= most, `at most ${most} bytes in a message that is ${delivery}, got ${sizeBytes}`);
  return { fields, delivery, rateHz, burst };
}

/** Asserts that a game may declare `types`. */
export function checkMessageTypes(types: MessageTypes): void {
  const names = Object.keys(types);
  assert(names.length <= TYPES_MAX, `at most ${TYPES_MAX} kinds of messages`);
  for (const name of names) {
    assert(NAME.test(name), `a letter, then at most 63 letters, digits, _ and - as the name of a message, got "${name}"`);
    assert(typeof types[name]?.rateHz === "number", `message "${name}" made by message()`);
  }
}

/** Every kind in one line: equal for equal layouts. */
export function describeMessageTypes(types: MessageTypes): string {
  return Object.entries(types)
    .map(([name, { delivery, fields }]) => `${name}:${delivery}(${Object.entries(fields).map(describeField).join(",")})`)
    .join(";");
}

function describeField([name, field]: readonly [string, ArrayField | TextField]): string {
  return field.element === "text" ? `${name}:text(${field.unitsMax})` : `${name}:${field.element}(${field.count})`;
}

/** A text has a length of 2 bytes, a header of at most 5, and at most 3 bytes for each unit. */
function fieldBytesMax(field: ArrayField | TextField): number {
  return field.element === "text" ? 7 + 3 * field.unitsMax : ELEMENT_BYTES[field.element] * field.count;
}
