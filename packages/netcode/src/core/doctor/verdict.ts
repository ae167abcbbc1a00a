import type { CheckId, DiagnosisLine, NatKind, Verdict } from "../ports/diagnosis.ts";

const OPERATOR_TURN = "For whoever runs the lobby server: add a TURN server (--turn).";

/** Whom this page can play with, by its lines. Of checks that were not made it says nothing. */
export function verdictOf(lines: readonly DiagnosisLine[]): Verdict {
  const statusOf = (id: CheckId): DiagnosisLine["status"] | undefined => lines.find((line) => line.id === id)?.status;
  if (statusOf("page") === "fail" || statusOf("channel") === "fail") {
    return {
      reach: "nobody",
      sentence: "This browser cannot play with others.",
      ...remedyOf(lines, statusOf("page") === "fail" ? "page" : "channel"),
    };
  }
  const lobby = statusOf("broker-lobby");
  if (lobby === "fail" || lobby === "warn") {
    return { reach: "nobody", sentence: "No lobby can be opened or joined from here.", ...remedyOf(lines, "broker-lobby") };
  }
  if (statusOf("channel") === undefined || statusOf("stun") === undefined || lobby === undefined) {
    return { reach: "unknown", sentence: "The check was not finished." };
  }
  const ways = new Set((["turn-udp", "turn-tcp", "turn-tls"] as const).map(statusOf));
  if (ways.has("ok")) {
    const isFast = statusOf("stun") === "ok" || statusOf("turn-udp") === "ok";
    if (isFast) return { reach: "anybody", sentence: "You can play with anybody." };
    const remedy = "Another network, one that lets UDP through, would be faster.";
    return {
      reach: "anybody",
      sentence: "You can play with anybody, through a relay over TCP, which stutters when packets are lost.",
      remedy,
    };
  }
  const relay = ways.has("fail") ? "its TURN server does not work from here" : "the lobby server offers no TURN";
  return withoutRelay(lines, relay, ways.has("fail"));
}

function withoutRelay(lines: readonly DiagnosisLine[], relay: string, isBroken: boolean): Verdict {
  const remedy = isBroken ? "See the lines about TURN. Another network may help." : OPERATOR_TURN;
  const nat = natOf(lines);
  const stun = lines.find(({ id }) => id === "stun")?.status;
  if (stun !== "ok") {
    const servers = lines.find(({ id }) => id === "stun")?.details["servers"];
    const hasNone = servers === 0 && !isBroken;
    const answer = stun === "warn" ? "it is not certain that STUN answers" : "no STUN server answers";
    const why = hasNone ? "the lobby server offers neither STUN nor TURN" : `${answer}, and ${relay}`;
    return { reach: "few", sentence: `Only with players in your own network: ${why}.`, remedy };
  }
  if (nat === "dependent") return { reach: "few", sentence: `Only with players on open networks: ${relay}.`, remedy };
  const rest = `not with those behind a strict NAT or firewall, since ${relay}`;
  return { reach: "most", sentence: `You can play with most people; ${rest}.`, remedy };
}

function natOf(lines: readonly DiagnosisLine[]): NatKind {
  const nat = lines.find(({ id }) => id === "nat")?.details["nat"];
  return nat === "none" || nat === "independent" || nat === "dependent" || nat === "blocked" ? nat : "unknown";
}

function remedyOf(lines: readonly DiagnosisLine[], id: CheckId): { remedy?: string } {
  const remedy = lines.find((line) => line.id === id)?.remedy;
  return remedy === undefined ? {} : { remedy };
}
