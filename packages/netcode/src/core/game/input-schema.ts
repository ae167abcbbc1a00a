/** −1 … 1 in 2^bits − 1 steps, 0 included: a stick or two keys. */
export interface AxisField {
  readonly kind: "axis";
  readonly bits: number;
}
/** Pressed or not: one bit. */
export interface ButtonField {
  readonly kind: "button";
}
/** A whole number in `min` … `max`. */
export interface IntegerField {
  readonly kind: "integer";
  readonly min: number;
  readonly max: number;
}

export type InputField = AxisField | ButtonField | IntegerField;
export type InputSchema = Readonly<Record<string, InputField>>;

/** The input that a game reads and writes: numbers for axes and integers, booleans for buttons. */
export type InputOf<Schema extends InputSchema> = {
  -readonly [Name in keyof Schema]: Schema[Name] extends ButtonField ? boolean : number;
};
