import type { ArrayField } from "@rollcall/netcode/core";
import { i32 } from "@rollcall/netcode/core";

/** One entry of some equally long columns, as an object with a named number per column. */
export type Struct<Field extends string> = { [Name in Field]: number };

/** One `Int32Array` per field. */
export type Columns<Field extends string> = { readonly [Name in Field]: Int32Array };

interface View {
  readonly columns: readonly Int32Array[];
  readonly index: number;
}

/** Schema of the columns: `count` words for each field. */
export function columnSchema<const Field extends string>(
  fields: readonly Field[],
  count: number,
): { readonly [Name in Field]: ArrayField<"i32"> } {
  return Object.fromEntries(fields.map((field) => [field, i32(count)])) as { readonly [Name in Field]: ArrayField<"i32"> };
}

/**
 * Makes a constructor of views: `open(columns, index)` reads and writes entry `index` of every column.
 * So the step reads like code over objects (`disc.x += disc.vx`), while a saved frame is one copy of memory.
 */
export function defineStruct<const Field extends string>(
  fields: readonly Field[],
): (columns: Columns<Field>, index: number) => Struct<Field> {
  // One class per struct: its views share a shape, and the accessors are inlined.
  class StructView implements View {
    readonly columns: readonly Int32Array[];
    readonly index: number;
    constructor(columns: readonly Int32Array[], index: number) {
      this.columns = columns;
      this.index = index;
    }
  }
  fields.forEach((field, order) => {
    Object.defineProperty(StructView.prototype, field, {
      enumerable: true,
      get(this: View): number {
        return this.columns[order]?.[this.index] ?? 0;
      },
      set(this: View, value: number) {
        const column = this.columns[order];
        if (column !== undefined) column[this.index] = value;
      },
    });
  });
  return (columns, index) => {
    const ordered = fields.map((field) => columns[field]);
    return new StructView(ordered, index) as unknown as Struct<Field>;
  };
}
