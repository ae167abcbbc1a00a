/**
 * A 16-bit packet number that wraps. "Newer" is not an order (it is not transitive around the circle), so `<` and `>` on sequences are
 * always a bug: compare with `sequenceDistance` only. At 60 packets a second a sequence comes round every 18 minutes.
 */
export type Sequence = number & { readonly brand: "Sequence" };

/** The low 16 bits of `value` as a sequence. */
export function sequenceOf(value: number): Sequence {
  return (value & 0xffff) as Sequence;
}

export function nextSequence(sequence: Sequence): Sequence {
  return sequenceOf(sequence + 1);
}

/** How many packets `newer` is ahead of `older`: −32,768 … 32,767, negative when it is behind. */
export function sequenceDistance(newer: Sequence, older: Sequence): number {
  return ((newer - older) << 16) >> 16;
}

/** True when `candidate` was sent after `reference`. At exactly half the circle nobody can tell; it counts as older. */
export function isSequenceNewer(candidate: Sequence, reference: Sequence): boolean {
  return sequenceDistance(candidate, reference) > 0;
}
