/** What the fuzz tests do to a frame that is of the grammar: another value, another structure, other bytes. All of it follows from the random numbers. */
import type { Random } from "@rollcall/netcode/core";
import { pick } from "./pick.ts";

/** Values that programs stumble over, written as JSON. `NESTED` and the long ones are large. */
const ODD_VALUES = [
  "null",
  "true",
  "0",
  "-0",
  "-1",
  "0.1",
  "1e999",
  "-1e999",
  "9007199254740993",
  "4294967296",
  '""',
  '"\\u0000"',
  '"\\ud800"',
  '"\\u202e\\u0301\\u200b"',
  '"__proto__"',
  '"toString"',
  '"<img src=x onerror=alert(1)>"',
  "[]",
  "{}",
  "[[]]",
  "/../../etc/passwd",
  "%2e%2e/%00",
  '{"toString":1}',
  '{"__proto__":{"x":1}}',
  '{"constructor":{"prototype":{"x":1}}}',
  '{"length":4294967295}',
  `"${"x".repeat(300)}"`,
  `"${"\u{1f469}\u200d".repeat(40)}"`,
  `${"[".repeat(31)}${"]".repeat(31)}`,
  `${'{"a":'.repeat(40)}1${"}".repeat(40)}`,
];
/** Rare, since they are slow to make and all alike. */
const LARGE_VALUES = [
  `"${"x".repeat(40_000)}"`,
  `"${"x".repeat(70_000)}"`,
  `[${"0,".repeat(9_000)}0]`,
  `${"[".repeat(6_000)}${"]".repeat(6_000)}`,
];

/** Breaks it: a value, the structure, bytes, or all of it. */
export function broken(random: Random, text: string): string {
  const kind = random.integer(10);
  if (kind < 4) return withOddValue(random, text);
  if (kind < 6) return withoutField(random, text);
  let bytes = Buffer.from(text);
  for (let times = 1 + random.integer(3); times > 0; times--) bytes = brokenBytes(random, bytes);
  return bytes.toString();
}

/** What stands between two marks of JSON is replaced: found without a parser, so that it works on what is broken already. */
const VALUE_PATTERN = /(?<=[:[,])(?:"(?:[^"\\]|\\.)*"|[^\s"[\]{},:]+)/g;

function withOddValue(random: Random, text: string): string {
  const values = [...text.matchAll(VALUE_PATTERN)];
  const at = values[random.integer(Math.max(1, values.length))];
  const odd = random.chance(0.01) ? pick(random, LARGE_VALUES) : pick(random, ODD_VALUES);
  if (at === undefined) return odd;
  return text.slice(0, at.index) + odd + text.slice(at.index + at[0].length);
}

/** A field goes, comes twice, gets another name, or another one's value. */
function withoutField(random: Random, text: string): string {
  const fields = [...text.matchAll(/"(\w+)":(?:"[^"]*"|[\w.+-]+),?/g)];
  const at = fields[random.integer(Math.max(1, fields.length))];
  const other = fields[random.integer(Math.max(1, fields.length))];
  if (at === undefined || other === undefined) return text.slice(1);
  const [whole, name = ""] = at;
  const replaced = pick(random, [
    "",
    whole + whole,
    whole.replace(name, other[1] ?? ""),
    whole.replace(name, "__proto__"),
    `${whole}"__proto__":{"x":1},`,
  ]);
  return text.slice(0, at.index) + replaced + text.slice(at.index + whole.length);
}

/** Bytes go, come, change or come twice. */
export function brokenBytes(random: Random, bytes: Buffer): Buffer<ArrayBuffer> {
  const at = random.integer(bytes.length + 1);
  const count = 1 + random.integer(8);
  const head = bytes.subarray(0, at);
  switch (random.integer(6)) {
    case 0: {
      const copy = Buffer.from(bytes);
      if (copy.length > 0) copy[at % copy.length] = (copy[at % copy.length] ?? 0) ^ (1 << random.integer(8));
      return copy;
    }
    case 1:
      return Buffer.concat([head, Buffer.from(Array.from({ length: count }, () => random.integer(256))), bytes.subarray(at)]);
    case 2:
      return Buffer.concat([head, bytes.subarray(at + count)]);
    case 3:
      return Buffer.from(head);
    case 4:
      return Buffer.concat([head, bytes.subarray(random.integer(bytes.length + 1))]);
    default:
      return Buffer.from(Array.from({ length: random.integer(64) }, () => random.integer(256)));
  }
}
