/**
 * A relay-only lobby hides its members' addresses from each other. The browser gathers relayed addresses alone there; what leaves the page goes through here all
 * the same, so that a browser that errs, or a setting that came too late, tells nothing.
 */

const CANDIDATE_LINE = /^a=candidate:/;

/** True for an address of a relay's. */
export function isRelayedCandidate(candidate: string): boolean {
  return / typ relay(?: |$)/.test(candidate);
}

/** A relayed candidate also names the address that the relay sees. */
export function withoutRelatedAddress(candidate: string): string {
  return candidate.replace(/ raddr \S+ rport \S+/, " raddr 0.0.0.0 rport 0");
}

/** A description with relayed addresses alone. */
export function withoutOwnAddresses(description: string): string {
  return description
    .split(/(?<=\n)/)
    .filter((line) => !CANDIDATE_LINE.test(line) || isRelayedCandidate(line.trimEnd()))
    .map((line) =>
      CANDIDATE_LINE.test(line) ? withoutRelatedAddress(line) : line.replace(/^((?:c=|a=rtcp:\d+ )IN IP)[46] \S+/, "$14 0.0.0.0"),
    )
    .join("");
}
