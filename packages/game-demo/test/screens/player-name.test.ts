import * as fc from "fast-check";
import { describe, expect, test } from "vitest";
import { Identity } from "../../src/screens/identity.ts";
import { cleanName, friendlyName, NAME_GRAPHEMES_MAX, secondName } from "../../src/screens/player-name.ts";

function memoryStorage(entries: Record<string, string> = {}): {
  getItem: (key: string) => string | null;
  setItem: (key: string, value: string) => void;
} {
  const map = new Map(Object.entries(entries));
  return { getItem: (key) => map.get(key) ?? null, setItem: (key, value) => void map.set(key, value) };
}

const first = (): number => 0;

describe("[SC5] names are 1 to 16 graphemes, cleaned on both sides", () => {
  test.each([
    ["  Ada  ", "Ada"],
    ["Ada\n\tLovelace", "Ada Lovelace"],
    ["\u202eadA", "adA"],
    ["\u200b\u200b", ""],
    ["pay \u061cadA", "pay adA"],
    ["\u3164\u2800\u115f", ""],
    ["\u200d\u200d", ""],
    ["a\u{e0041}\u{e007f}b", "ab"],
    [`Z${"\u0335".repeat(40)}algo`, "Z\u0335\u0335\u0335\u0335algo"],
    ["👩‍👩‍👧‍👦👩‍👩‍👧‍👦", "👩‍👩‍👧‍👦👩‍👩‍👧‍👦"],
    ["seventeen letters", "seventeen letter"],
    ["<b>bold</b>", "<b>bold</b>"],
  ])("%j becomes %j", (typed, cleaned) => {
    expect(cleanName(typed)).toBe(cleaned);
  });

  test("no name is longer than the protocol or the seat card takes, and cleaning twice changes nothing", () => {
    fc.assert(
      fc.property(fc.oneof(fc.string({ unit: "grapheme", maxLength: 60 }), fc.string({ unit: "binary", maxLength: 60 })), (typed) => {
        const name = cleanName(typed);
        expect(name.length).toBeLessThanOrEqual(64);
        expect([...new Intl.Segmenter().segment(name)].length).toBeLessThanOrEqual(NAME_GRAPHEMES_MAX);
        expect(cleanName(name)).toBe(name);
      }),
    );
  });

  test.each([
    ["Ada", "Ada 2"],
    ["seventeen letter", "seventeen lett 2"],
    ["fourteen chars x", "fourteen chars 2"],
    ["👩‍👩‍👧‍👦".repeat(5), `${"👩‍👩‍👧‍👦".repeat(5)} 2`],
  ])("[SC36] who plays beside %j is %j, which needs no cutting", (name, second) => {
    expect(secondName(name)).toBe(second);
    expect(cleanName(second)).toBe(second);
  });

  test("every friendly name needs no cutting", () => {
    for (let pick = 0; pick < 144; pick++) {
      let call = 0;
      const name = friendlyName((limit) => (call++ === 0 ? pick % limit : Math.floor(pick / 12) % limit));
      expect(cleanName(name)).toBe(name);
      expect(name).not.toBe("");
    }
  });
});

describe("[SC6] the name and the look are remembered", () => {
  test("a new visitor gets a friendly name", () => {
    expect(new Identity({ presetName: undefined, storage: memoryStorage(), pick: first }).name).toBe("Bouncy Badger");
  });

  test("what was chosen once is there the next time", () => {
    const storage = memoryStorage();
    const identity = new Identity({ presetName: undefined, storage, pick: first });
    identity.rename(" Ada ");
    identity.recolour(5);
    const again = new Identity({ presetName: undefined, storage, pick: first });
    expect([again.name, again.colour]).toEqual(["Ada", 5]);
  });

  test("a preset wins over the memory and does not replace it", () => {
    const storage = memoryStorage({ "rubberband.name": "Ada" });
    expect(new Identity({ presetName: "Bo", storage, pick: first }).name).toBe("Bo");
    expect(new Identity({ presetName: undefined, storage, pick: first }).name).toBe("Ada");
  });

  test("an empty name keeps the old one", () => {
    const identity = new Identity({ presetName: "Bo", storage: memoryStorage(), pick: first });
    expect(identity.rename("   ")).toBe("Bo");
  });

  test("nonsense in the memory is ignored", () => {
    const storage = memoryStorage({ "rubberband.name": "\u200b", "rubberband.colour": "99" });
    const identity = new Identity({ presetName: undefined, storage, pick: first });
    expect([identity.name, identity.colour]).toEqual(["Bouncy Badger", 0]);
  });
});
