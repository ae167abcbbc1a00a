import type { Gathering, NatKind } from "../ports/diagnosis.ts";

/**
 * What stands between this page and the internet, from what STUN servers said. `alone`: each asked by a connection of its own. `together`: all asked by one, from the same
 * ports. A NAT that gives every destination another public port shows more of them there than to any server alone (RFC 4787, endpoint-dependent mapping).
 */
export function natKindOf(alone: readonly Gathering[], together: Gathering | undefined): NatKind {
  const counts = alone.map((gathering) => reflexive(gathering).size);
  const answered = counts.filter((count) => count > 0).length;
  if (answered === 0) return alone.every(isSilent) ? "unknown" : "blocked";
  const own = new Set(
    alone.flatMap(({ candidates }) => candidates.filter(({ kind }) => kind === "host/udp").map(({ address }) => address)),
  );
  const seen = [...(together ?? alone[0] ?? { candidates: [] }).candidates].filter(({ kind }) => kind === "srflx/udp");
  if (seen.some(({ address }) => own.has(address))) return "none";
  // One server tells nothing: it always sees one port.
  if (answered < 2 || together === undefined) return "unknown";
  const ports = reflexive(together).size;
  if (ports === 0) return "unknown";
  return ports > Math.max(...counts) ? "dependent" : "independent";
}

/**
 * The browser tried everything, found no other address than the device's own, and complains of nothing. Firefox (ESR 153) does so where there is no NAT, since it drops an
 * address that it has already; and it does not tell of servers that do not answer.
 */
export function isSilent({ candidates, errors, isComplete }: Gathering): boolean {
  const kinds = new Set(candidates.map(({ kind }) => kind));
  return isComplete && errors.length === 0 && kinds.has("host/udp") && !kinds.has("srflx/udp");
}

/** Public addresses and ports, of IPv4: a NAT of IPv6 is rare enough. */
function reflexive({ candidates }: Gathering): Set<string> {
  const found = candidates.filter(({ kind, address }) => kind === "srflx/udp" && address.includes("."));
  return new Set(found.map(({ address, port }) => `${address}:${port}`));
}
