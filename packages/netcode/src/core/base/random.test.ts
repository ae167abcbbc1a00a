import * as fc from "fast-check";
import { expect, test } from "vitest";
import { Random } from "./random.ts";

const draw = (random: Random, count: number): number[] => Array.from({ length: count }, () => random.uint32());

test("[BA8] equal seeds and labels give equal numbers; another seed or label gives others", () => {
  const numbers = draw(new Random(7, "game"), 20);
  expect(draw(new Random(7, "game"), 20)).toEqual(numbers);
  expect(draw(new Random(7 + 2 ** 32, "game"), 20)).toEqual(numbers);
  expect(draw(new Random(8, "game"), 20)).not.toEqual(numbers);
  expect(draw(new Random(7, "sync test"), 20)).not.toEqual(numbers);
});

test("[BA8] the numbers never change: replays and peers of another version depend on them", () => {
  expect(draw(new Random(1), 6)).toEqual([3987381080, 3938298746, 1405740770, 2433489189, 1178905406, 2270846265]);
});

test("[BA8] words written back go on from where they were copied", () => {
  const random = new Random(3);
  draw(random, 5);
  const words = random.words.slice();
  const first = draw(random, 10);
  random.words.set(words);
  expect(draw(random, 10)).toEqual(first);
});

test("[BA8] integers and floats stay in their range", () => {
  fc.assert(
    fc.property(fc.integer(), fc.integer({ min: 1, max: 2 ** 32 }), (seed, limit) => {
      const random = new Random(seed);
      for (let count = 0; count < 20; count++) {
        const value = random.integer(limit);
        expect(Number.isInteger(value) && value >= 0 && value < limit).toBe(true);
        const float = random.float();
        expect(float >= 0 && float < 1).toBe(true);
      }
    }),
  );
});

test("[BA8] every value of a small range comes up about equally often", () => {
  const random = new Random(11);
  const counts = Array.from({ length: 10 }, () => 0);
  for (let count = 0; count < 20_000; count++) {
    const value = random.integer(10);
    counts[value] = (counts[value] ?? 0) + 1;
  }
  // Five standard deviations of 2,000.
  for (const count of counts) expect(Math.abs(count - 2000)).toBeLessThan(215);
  expect(new Random(1).chance(0)).toBe(false);
  expect(new Random(1).chance(1)).toBe(true);
});
