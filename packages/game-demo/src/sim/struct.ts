/** A view of some 32-bit words of memory as an object with named fields. */
export type Struct<Field extends string> = { [Name in Field]: number };

interface View {
  readonly memory: Int32Array;
  readonly base: number;
}

/**
 * Makes a constructor of views: `open(memory, base)` reads and writes `fields.length` words from `base` on.
 * So the step reads like code over objects (`disc.x += disc.vx`), while a saved frame is one copy of memory.
 */
export function defineStruct<const Field extends string>(fields: readonly Field[]): (memory: Int32Array, base: number) => Struct<Field> {
  // One class per struct: its views share a shape, and the accessors are inlined.
  class StructView implements View {
    readonly memory: Int32Array;
    readonly base: number;
    constructor(memory: Int32Array, base: number) {
      this.memory = memory;
      this.base = base;
    }
  }
  fields.forEach((field, offset) => {
    Object.defineProperty(StructView.prototype, field, {
      enumerable: true,
      get(this: View): number {
        return this.memory[this.base + offset] ?? 0;
      },
      set(this: View, value: number) {
        this.memory[this.base + offset] = value;
      },
    });
  });
  return (memory, base) => new StructView(memory, base) as unknown as Struct<Field>;
}
