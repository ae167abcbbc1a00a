/**
 * The true values that `core/math` is measured against, from whole numbers alone: fixed point with 1,300 bits after the point, which is enough to
 * hold any double of ordinary size exactly and to tell its neighbours apart by hundreds of bits.
 */
const BITS = 1300n;
const ONE = 1n << BITS;

const words = new DataView(new ArrayBuffer(8));

/** A finite double, exactly (down to 2⁻¹³⁰⁰, past the smallest). */
export function toFixedPoint(x: number): bigint {
  words.setFloat64(0, x);
  const bits = words.getBigUint64(0);
  const exponent = (bits >> 52n) & 0x7ffn;
  const fraction = bits & 0xf_ffff_ffff_ffffn;
  const significand = exponent === 0n ? fraction : fraction | (1n << 52n);
  const magnitude = significand << (BITS - 1075n + (exponent === 0n ? 1n : exponent));
  return x < 0 ? -magnitude : magnitude;
}

/** How far `actual` is from the truth, in units of its last place. */
export function ulpsBetween(actual: number, truth: bigint): number {
  words.setFloat64(0, actual);
  const exponent = Math.max(1, Number((words.getBigUint64(0) >> 52n) & 0x7ffn));
  const unit = 1n << (BITS - 1075n + BigInt(exponent));
  const difference = toFixedPoint(actual) - truth;
  return Number(((difference < 0n ? -difference : difference) * 1_000_000n) / unit) / 1e6;
}

function times(a: bigint, b: bigint): bigint {
  return (a * b) >> BITS;
}

function over(a: bigint, b: bigint): bigint {
  return (a << BITS) / b;
}

function root(a: bigint): bigint {
  const target = a << BITS;
  let x = 1n << BigInt(Math.ceil(target.toString(2).length / 2));
  for (;;) {
    const next = (x + target / x) >> 1n;
    if (next >= x) return x;
    x = next;
  }
}

/** Sum of x^k / k! with alternating signs where asked, over the even or odd k. */
function series(x: bigint, first: bigint, firstK: bigint, step: bigint, sign: bigint): bigint {
  let power = first;
  let sum = first;
  const factor = step === 2n ? times(x, x) : x;
  for (let k = firstK; power !== 0n; k += step) {
    power = (sign * times(power, factor)) / (step === 2n ? (k + 1n) * (k + 2n) : k + 1n);
    sum += power;
  }
  return sum;
}

function arcTangentOfInverse(n: bigint): bigint {
  let power = ONE / n;
  let sum = power;
  for (let k = 3n; power !== 0n; k += 2n) {
    power = -power / (n * n);
    sum += power / k;
  }
  return sum;
}

/** Machin, 1706. */
export const PI = 16n * arcTangentOfInverse(5n) - 4n * arcTangentOfInverse(239n);

function makeLn2(): bigint {
  let power = ONE / 3n;
  let sum = power;
  for (let k = 3n; power !== 0n; k += 2n) {
    power /= 9n;
    sum += power / k;
  }
  return 2n * sum;
}

const LN2 = makeLn2();

function sinAndCos(x: bigint): { readonly sin: bigint; readonly cos: bigint } {
  const half = PI / 2n;
  const quadrant = (x + (x < 0n ? -half : half) / 2n) / half;
  const rest = x - quadrant * half;
  const sin = series(rest, rest, 1n, 2n, -1n);
  const cos = series(rest, ONE, 0n, 2n, -1n);
  switch (BigInt.asUintN(2, quadrant)) {
    case 0n:
      return { sin, cos };
    case 1n:
      return { sin: cos, cos: -sin };
    case 2n:
      return { sin: -sin, cos: -cos };
    default:
      return { sin: -cos, cos: sin };
  }
}

function expOf(x: bigint): bigint {
  const k = x / LN2;
  const value = series(x - k * LN2, ONE, 0n, 1n, 1n);
  return k >= 0n ? value << k : value >> -k;
}

/** Newton's (Halley's) steps from the machine's own guess: each triples the digits that are right. */
function logOf(x: bigint, guess: number): bigint {
  let y = toFixedPoint(guess);
  for (let round = 0; round < 4; round++) {
    const power = expOf(y);
    y += over(2n * (x - power), x + power);
  }
  return y;
}

function atanOf(x: bigint, guess: number): bigint {
  let y = toFixedPoint(guess);
  for (let round = 0; round < 4; round++) {
    const { sin, cos } = sinAndCos(y);
    y += over(times(x, cos) - sin, cos + times(x, sin));
  }
  return y;
}

function asinOf(x: bigint, guess: number): bigint {
  const adjacent = root(ONE - times(x, x));
  if (adjacent === 0n) return x > 0n ? PI / 2n : -PI / 2n;
  return atanOf(over(x, adjacent), guess);
}

/** True values for finite arguments of ordinary size, where the function is defined. */
export const truth = {
  sin: (x: number): bigint => sinAndCos(toFixedPoint(x)).sin,
  cos: (x: number): bigint => sinAndCos(toFixedPoint(x)).cos,
  tan: (x: number): bigint => {
    const { sin, cos } = sinAndCos(toFixedPoint(x));
    return over(sin, cos);
  },
  exp: (x: number): bigint => expOf(toFixedPoint(x)),
  log: (x: number): bigint => logOf(toFixedPoint(x), Math.log(x)),
  asin: (x: number): bigint => asinOf(toFixedPoint(x), Math.asin(x)),
  acos: (x: number): bigint => PI / 2n - asinOf(toFixedPoint(x), Math.asin(x)),
  atan: (x: number): bigint => atanOf(toFixedPoint(x), Math.atan(x)),
  atan2: (y: number, x: number): bigint => {
    const acute = atanOf(over(toFixedPoint(y), toFixedPoint(x)), Math.atan(y / x));
    if (x > 0) return acute;
    return y < 0 ? acute - PI : acute + PI;
  },
  pow: (x: number, y: number): bigint => expOf(times(toFixedPoint(y), logOf(toFixedPoint(x), Math.log(x)))),
  hypot: (x: number, y: number): bigint => {
    const [a, b] = [toFixedPoint(x), toFixedPoint(y)];
    return root(times(a, a) + times(b, b));
  },
};
