/** Findings about addresses and relays, as lines. */
import type { CheckDetails, CheckId, DiagnosisLine, Gathering, NatKind, TurnFinding } from "../ports/diagnosis.ts";
import type { IceServerError } from "../ports/link-failure.ts";
import type { TurnWay } from "./ice-plan.ts";
import { lineOf, rounded, skipped, type Judgement } from "./lines.ts";
import { isSilent } from "./nat-kind.ts";
import { redactAddresses } from "./redact.ts";

const TURN_LINES: Readonly<Record<TurnWay, CheckId>> = { udp: "turn-udp", tcp: "turn-tcp", tls: "turn-tls" };
const TURN_NAMES: Readonly<Record<TurnWay, string>> = { udp: "UDP", tcp: "TCP", tls: "TLS" };
/** Our credentials are too old, wrong, or of another allocation. */
const UNAUTHORIZED: readonly number[] = [401, 403, 437, 438];
/** The server has no more relays for us (508, 486), or for anybody. */
const EXHAUSTED: readonly number[] = [486, 508];

/** `alone`: what each STUN server gave by itself. `isWhole`: write addresses as they are. */
export function judgeStun(alone: readonly Gathering[], isWhole: boolean): DiagnosisLine {
  if (alone.length === 0) {
    return lineOf("stun", {
      status: "warn",
      sentence: "There is no STUN server: only players in your own network can be reached directly.",
      remedy:
        "For whoever runs the lobby server: give it --ice-servers with a STUN server, or --turn with a TURN server, which is one too.",
      details: { servers: 0 },
    });
  }
  const found = alone.flatMap(({ candidates }) => candidates.filter(({ kind }) => kind === "srflx/udp"));
  const details: CheckDetails = {
    servers: alone.length,
    answered: alone.filter(({ candidates }) => candidates.some(({ kind }) => kind === "srflx/udp")).length,
    hosts: new Set(alone.flatMap(({ candidates }) => candidates.filter(({ kind }) => kind === "host/udp").map(({ address }) => address)))
      .size,
    ...errorDetails(alone.flatMap(({ errors }) => errors)),
  };
  if (found.length === 0 && alone.every(isSilent)) {
    return lineOf("stun", {
      status: "warn",
      sentence:
        "STUN gave no address but this device's own: either there is no NAT in between, or no server answers. This browser does not tell which.",
      remedy: "If others cannot reach you, check once more in Chrome or Edge, which tell.",
      details,
    });
  }
  if (found.length === 0) {
    return lineOf("stun", {
      status: "fail",
      sentence: "No STUN server answers: UDP seems to be blocked here.",
      remedy: "Try another network, or leave the VPN. A TURN server over TCP or TLS helps where UDP is blocked.",
      details,
    });
  }
  const firstMs = Math.min(...found.map(({ atMs }) => atMs));
  const address = found[0]?.address ?? "";
  return lineOf("stun", {
    status: "ok",
    sentence: `STUN answers in ${rounded(firstMs)} ms: others can be told where to find you.`,
    details: { ...details, ms: rounded(firstMs), address: isWhole ? address : redactAddresses(address) },
  });
}

const NAT_JUDGEMENTS: Readonly<Record<NatKind, Judgement>> = {
  none: { status: "ok", sentence: "No NAT: this device has a public address." },
  independent: { status: "ok", sentence: "Your router is friendly: others reach you at one address (endpoint-independent mapping)." },
  dependent: {
    status: "warn",
    sentence:
      "Your router gives every peer another address (a symmetric NAT): players behind one like it, and many others, reach you only through a relay.",
    remedy:
      "A TURN server solves this. Else try another network: mobile networks and company networks are often like this, home routers seldom.",
  },
  blocked: {
    status: "fail",
    sentence: "UDP does not get out of this network.",
    remedy: "Try another network, or leave the VPN. Only a TURN server over TCP or TLS helps here.",
  },
  unknown: { status: "skipped", sentence: "The kind of NAT is not known: two STUN servers that answer are needed to tell." },
};

export function judgeNat(kind: NatKind): DiagnosisLine {
  return lineOf("nat", { ...NAT_JUDGEMENTS[kind], details: { nat: kind } });
}

/** `finding`: not there when the time was up. `isOffered`: the lobby server names a TURN server of this way. */
export function judgeTurn(way: TurnWay, isOffered: boolean, finding: TurnFinding | undefined): DiagnosisLine {
  const id = TURN_LINES[way];
  const name = TURN_NAMES[way];
  if (!isOffered) return skipped(id, `There is no TURN server over ${name}.`);
  const errors = finding?.gathering.errors ?? [];
  const relays = finding?.gathering.candidates.filter(({ kind }) => kind.startsWith("relay/")) ?? [];
  const { pair } = finding ?? {};
  const firstMs = Math.min(...relays.map(({ atMs }) => atMs));
  const details: CheckDetails = { relays: relays.length, ...errorDetails(errors) };
  if (pair?.outcome === "open" && pair.answered > 0) {
    const rttMs = rounded(pair.rttMs);
    const sentence = `TURN over ${name} carries packets, ${rttMs} ms there and back.`;
    return lineOf(id, { status: "ok", sentence, details: { ...details, ms: rounded(firstMs), rttMs } });
  }
  if (relays.length > 0) {
    return lineOf(id, {
      status: "fail",
      sentence: `TURN over ${name} gives addresses, but nothing passes through them.`,
      remedy:
        "For whoever runs it: open its relay ports (49152–65535 over UDP) in the firewall, set external-ip behind a NAT, and do not deny its own address.",
      details: { ...details, ms: rounded(firstMs), stage: pair?.outcome === "failed" ? pair.stage : "silent" },
    });
  }
  return lineOf(id, { ...turnRefusal(name, errors), details });
}

function turnRefusal(name: string, errors: readonly IceServerError[]): Judgement {
  const has = (codes: readonly number[]): boolean => errors.some(({ code }) => codes.includes(code));
  if (has(UNAUTHORIZED)) {
    return {
      status: "fail",
      sentence: `TURN over ${name} refuses our credentials.`,
      remedy:
        "For whoever runs it: --turn-secret of the lobby server and static-auth-secret of the TURN server must be equal, and both clocks right.",
    };
  }
  if (has(EXHAUSTED)) {
    return {
      status: "fail",
      sentence: `TURN over ${name} has no relay left.`,
      remedy: "Try again in a while. For whoever runs it: raise user-quota, total-quota or the range of relay ports.",
    };
  }
  return {
    status: "fail",
    sentence: `TURN over ${name} does not answer.`,
    remedy:
      name === "UDP"
        ? "UDP may be blocked in this network; TCP and TLS below matter then. For whoever runs it: is its port open?"
        : "For whoever runs it: is its port open, and (for TLS) its certificate good? Port 443 passes most firewalls.",
  };
}

/** The codes of the servers' answers, each once. */
function errorDetails(errors: readonly IceServerError[]): CheckDetails {
  const codes = [...new Set(errors.map(({ code }) => code))].toSorted((left, right) => left - right);
  return codes.length === 0 ? {} : { errors: codes.join(" ") };
}
