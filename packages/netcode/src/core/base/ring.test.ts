import * as fc from "fast-check";
import { expect, test } from "vitest";
import { AssertionError } from "./assert.ts";
import { FrameRing } from "./ring.ts";

test("[BA7] a ring behaves as a map that forgets what lost its slot", () => {
  const command = fc.tuple(fc.constantFrom("claim", "release"), fc.integer({ min: 0, max: 40 }));
  fc.assert(
    fc.property(fc.array(command, { maxLength: 100 }), (commands) => {
      const ring = new FrameRing(8, () => ({ value: -1 }));
      const model = new Map<number, number>();
      for (const [kind, frame] of commands) {
        if (kind === "release") {
          ring.release(frame);
          model.delete(frame);
        } else {
          ring.claim(frame).value = frame;
          for (const other of model.keys()) if (other % 8 === frame % 8) model.delete(other);
          model.set(frame, frame);
        }
        for (let asked = -1; asked <= 40; asked++) {
          expect(ring.has(asked)).toBe(model.has(asked));
          expect(ring.get(asked)?.value).toBe(model.get(asked));
        }
      }
    }),
  );
});

test("[BA7] slots are made once and handed out again", () => {
  let made = 0;
  const ring = new FrameRing(4, (slot) => ({ slot, made: made++ }));
  const first = ring.claim(1);
  expect(ring.claim(5)).toBe(first);
  expect(ring.slotOf(5)).toBe(1);
  expect(ring.get(1)).toBeUndefined();
  ring.clear();
  expect(ring.get(5)).toBeUndefined();
  expect(made).toBe(4);
});

test("[BA7] sizes that are no power of two and negative frames are assertions", () => {
  expect(() => new FrameRing(6, () => 0)).toThrow(AssertionError);
  expect(() => new FrameRing(4, () => 0).claim(-1)).toThrow(AssertionError);
});
