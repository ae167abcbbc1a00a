import * as fc from "fast-check";
import { describe, expect, test } from "vitest";
import {
  CHECK_IDS,
  type CheckId,
  type DiagnosisLine,
  type FoundCandidate,
  type Gathering,
  type NatKind,
  type PairFinding,
} from "../ports/diagnosis.ts";
import { planIce } from "./ice-plan.ts";
import { judgeChannel, judgeClock, judgePath } from "./judge-channel.ts";
import { judgeNat, judgeStun, judgeTurn } from "./judge-network.ts";
import { judgeHttp, judgeLobby, judgePage } from "./judge-server.ts";
import { lineOf } from "./lines.ts";
import { natKindOf } from "./nat-kind.ts";
import { redactAddresses } from "./redact.ts";
import { reportText } from "./report.ts";
import { verdictOf } from "./verdict.ts";

const PAGE = { isSecure: true, isHttps: true, hasWebRtc: true, hasWebSocket: true, isOnline: true, userAgent: "test" };
const OPEN: PairFinding & { outcome: "open" } = {
  outcome: "open",
  elapsedMs: 40,
  isUnreliable: true,
  sent: 75,
  answered: 75,
  rttMs: 1.2,
  jitterMs: 0.2,
};

function candidate(kind: FoundCandidate["kind"], address: string, port = 40_000): FoundCandidate {
  return { kind, address, port, atMs: 30 };
}

function gathering(candidates: readonly FoundCandidate[], codes: readonly number[] = []): Gathering {
  return { candidates, errors: codes.map((code) => ({ code, url: "turn:turn.example" })), isComplete: true };
}

const HOST = candidate("host/udp", "d0b6f8c2.local");
const STUN_OK = gathering([HOST, candidate("srflx/udp", "203.0.113.9")]);
const RELAY = gathering([candidate("relay/udp", "198.51.100.7", 50_000)]);

/** Every line that is not well says what to do; every line says something. */
function expectLine(line: DiagnosisLine, status: DiagnosisLine["status"], sentence: RegExp): void {
  const hasRemedy = line.remedy !== undefined && /\w{3}.*[.?]$/.test(line.remedy);
  const needsRemedy = status === "warn" || status === "fail";
  expect({ status: line.status, sentence: line.sentence, hasRemedy }).toEqual({
    status,
    sentence: expect.stringMatching(sentence),
    hasRemedy: needsRemedy,
  });
  expect(line.anchor).toBe(`troubleshooting.md#check-${line.id}`);
}

describe("each finding has its line", () => {
  test("[CD10] the page", () => {
    expectLine(judgePage(PAGE), "ok", /all that the game needs/);
    expectLine(judgePage({ ...PAGE, hasWebRtc: false }), "fail", /no WebRTC/);
    expectLine(judgePage({ ...PAGE, hasWebSocket: false }), "fail", /no WebSocket/);
    expectLine(judgePage({ ...PAGE, isOnline: false }), "warn", /offline/);
    expectLine(judgePage({ ...PAGE, isSecure: false }), "warn", /plain http/);
  });

  test("[CD11] the lobby server by https", () => {
    expectLine(judgeHttp({ outcome: "answered", elapsedMs: 20, status: 200 }, false), "ok", /answers in 20 ms/);
    expectLine(judgeHttp({ outcome: "answered", elapsedMs: 20 }, false), "ok", /answers/);
    expectLine(judgeHttp({ outcome: "answered", elapsedMs: 20, status: 404 }, false), "warn", /not the lobby server \(HTTP 404\)/);
    expectLine(judgeHttp({ outcome: "failed" }, false), "fail", /cannot be reached/);
    expectLine(judgeHttp(undefined, false), "fail", /in time/);
    expectLine(judgeHttp(undefined, true), "fail", /plain http/);
  });

  test("[CD12] the lobby server by WebSocket", () => {
    const iceServers = [{ urls: ["stun:a", "turn:b"] }];
    const admitted = judgeLobby({ outcome: "admitted", elapsedMs: 33.4, iceServers });
    expectLine(admitted, "ok", /opens in 33 ms/);
    expect(admitted.details).toEqual({ ms: 33, stun: 1, turn: 1 });
    expectLine(judgeLobby({ outcome: "refused", code: "BROKER_UNREACHABLE" }), "fail", /WebSocket/);
    expectLine(judgeLobby(undefined), "fail", /in time/);
    expectLine(judgeLobby({ outcome: "refused", code: "CLOSED" }), "fail", /in time/);
    expectLine(judgeLobby({ outcome: "refused", code: "RATE_LIMITED" }), "warn", /no room/);
    expectLine(judgeLobby({ outcome: "refused", code: "SERVER_FULL" }), "warn", /no room/);
    expectLine(judgeLobby({ outcome: "refused", code: "BAD_REQUEST" }), "fail", /refuses this page \(BAD_REQUEST\)/);
  });

  test("[CD13] STUN", () => {
    expectLine(judgeStun([], false), "warn", /no STUN server/);
    expectLine(judgeStun([gathering([HOST], [701])], false), "fail", /UDP seems to be blocked/);
    expectLine(judgeStun([gathering([HOST]), gathering([HOST])], false), "warn", /does not tell which/);
    expectLine(judgeStun([{ ...gathering([HOST]), isComplete: false }], false), "fail", /UDP seems to be blocked/);
    const line = judgeStun([STUN_OK, gathering([HOST], [701])], false);
    expectLine(line, "ok", /answers in 30 ms/);
    expect(line.details).toMatchObject({ servers: 2, answered: 1, errors: "701", address: "203.0.x.x" });
    expect(judgeStun([STUN_OK], true).details["address"]).toBe("203.0.113.9");
  });

  test("[CD14] each kind of NAT", () => {
    const lines: readonly (readonly [NatKind, DiagnosisLine["status"], RegExp])[] = [
      ["none", "ok", /No NAT/],
      ["independent", "ok", /friendly/],
      ["dependent", "warn", /symmetric/],
      ["blocked", "fail", /does not get out/],
      ["unknown", "skipped", /not known/],
    ];
    for (const [kind, status, sentence] of lines) expectLine(judgeNat(kind), status, sentence);
  });

  test("[CD15] TURN by each way", () => {
    for (const way of ["udp", "tcp", "tls"] as const) {
      const name = new RegExp(`over ${way.toUpperCase()}`);
      expectLine(judgeTurn(way, false, undefined), "skipped", name);
      expectLine(judgeTurn(way, true, { gathering: RELAY, pair: { ...OPEN, rttMs: 48 } }), "ok", /carries packets, 48 ms/);
      expectLine(judgeTurn(way, true, { gathering: RELAY, pair: { ...OPEN, answered: 0 } }), "fail", /nothing passes/);
      expectLine(judgeTurn(way, true, { gathering: RELAY, pair: { outcome: "failed", stage: "checking" } }), "fail", /nothing passes/);
      for (const code of [401, 403, 437, 438])
        expectLine(judgeTurn(way, true, { gathering: gathering([], [701, code]) }), "fail", /refuses our credentials/);
      for (const code of [486, 508]) expectLine(judgeTurn(way, true, { gathering: gathering([], [code]) }), "fail", /no relay left/);
      expectLine(judgeTurn(way, true, { gathering: gathering([], [701]) }), "fail", /does not answer/);
      expectLine(judgeTurn(way, true, undefined), "fail", name);
    }
  });

  test("[CD16] the channel, and what was measured over it", () => {
    expectLine(judgeChannel(OPEN), "ok", /opens in 40 ms/);
    expectLine(judgeChannel({ ...OPEN, isUnreliable: false }), "warn", /repeats what is lost/);
    expectLine(judgeChannel({ outcome: "failed", stage: "checking" }), "fail", /cannot reach each other/);
    expectLine(judgeChannel(undefined), "fail", /cannot reach each other/);
    expectLine(judgePath(OPEN, undefined), "ok", /inside this device/);
    expectLine(judgePath(OPEN, { ...OPEN, rttMs: 48 }), "ok", /48 ms.*relay/);
    expectLine(judgePath(OPEN, { ...OPEN, answered: 60 }), "warn", /20 % lost/);
    expectLine(judgePath({ ...OPEN, answered: 60 }, undefined), "warn", /inside this device: .*20 % lost/);
    expectLine(judgePath({ ...OPEN, rttMs: 30 }, undefined), "warn", /takes long/);
    expectLine(judgePath(undefined, undefined), "skipped", /Nothing/);
    expectLine(judgePath({ ...OPEN, sent: 0, answered: 0 }, undefined), "skipped", /Nothing/);
  });

  test("[CD17] the clock", () => {
    const steady = { workerTicks: 58, expectedTicks: 60, pageLateMs: 4, cores: 8, isHidden: false };
    expectLine(judgeClock(steady), "ok", /keeps its pace/);
    expectLine(judgeClock({ ...steady, workerTicks: undefined }), "warn", /No worker/);
    expectLine(judgeClock({ ...steady, workerTicks: 20 }), "warn", /late/);
    expectLine(judgeClock({ ...steady, pageLateMs: 250 }), "warn", /stood still for 250 ms/);
    expectLine(judgeClock({ ...steady, pageLateMs: 250, isHidden: true }), "ok", /pace/);
    expectLine(judgeClock(undefined), "skipped", /in time/);
  });
});

describe("[CD18] the kind of NAT by what two STUN servers see", () => {
  const seen = (...ports: number[]): Gathering => gathering([HOST, ...ports.map((port) => candidate("srflx/udp", "203.0.113.9", port))]);
  const cases: readonly (readonly [string, readonly Gathering[], Gathering | undefined, NatKind])[] = [
    ["one port for both", [seen(1), seen(2)], seen(3), "independent"],
    ["a port for each", [seen(1), seen(2)], seen(3, 4), "dependent"],
    ["two networks, a port each", [seen(1, 2), seen(3, 4)], seen(5, 6), "independent"],
    ["two networks, two ports each", [seen(1, 2), seen(3, 4)], seen(5, 6, 7, 8), "dependent"],
    ["one server only", [seen(1)], undefined, "unknown"],
    ["one of two answers", [seen(1), seen()], seen(2), "unknown"],
    ["none answers, and the browser says so", [gathering([HOST], [701]), seen()], seen(), "blocked"],
    ["none answers in time", [{ ...seen(), isComplete: false }], undefined, "blocked"],
    ["nothing but our own address, and no complaint", [seen(), seen()], seen(), "unknown"],
    ["no server", [], undefined, "unknown"],
    ["both answered, and then none", [seen(1), seen(2)], seen(), "unknown"],
    ["our own address", [gathering([candidate("host/udp", "203.0.113.9"), candidate("srflx/udp", "203.0.113.9")])], undefined, "none"],
  ];
  test.each(cases)("%s", (_name, alone, together, kind) => {
    expect(natKindOf(alone, together)).toBe(kind);
  });
});

describe("[CD20] the verdict", () => {
  const well = new Set<CheckId>(["page", "broker-http", "broker-lobby", "stun", "nat", "channel", "path", "clock"]);
  const lines = (changes: Partial<Record<CheckId, DiagnosisLine["status"]>>, nat: NatKind = "independent", servers = 2): DiagnosisLine[] =>
    CHECK_IDS.map((id) => {
      const status = changes[id] ?? (well.has(id) ? "ok" : "skipped");
      return lineOf(id, {
        status,
        sentence: id,
        ...(status === "fail" ? { remedy: "Mend it." } : {}),
        details: id === "nat" ? { nat } : id === "stun" ? { servers } : {},
      });
    });
  const cases: readonly (readonly [string, DiagnosisLine[], string, RegExp])[] = [
    ["with TURN", lines({ "turn-udp": "ok" }, "dependent"), "anybody", /^You can play with anybody\.$/],
    [
      "with TURN by TLS alone, and UDP blocked",
      lines({ stun: "fail", nat: "fail", "turn-udp": "fail", "turn-tls": "ok" }),
      "anybody",
      /over TCP/,
    ],
    ["without TURN behind a friendly NAT", lines({}), "most", /most people; .*offers no TURN/],
    [
      "without TURN behind a symmetric NAT",
      lines({ nat: "warn" }, "dependent"),
      "few",
      /Only with players on open networks: the lobby server offers no TURN/,
    ],
    ["with a TURN server that fails", lines({ nat: "warn", "turn-udp": "fail" }, "dependent"), "few", /TURN server does not work/],
    ["without STUN", lines({ stun: "warn" }, "unknown", 0), "few", /your own network: the lobby server offers neither STUN nor TURN/],
    ["with a browser that does not tell of STUN", lines({ stun: "warn" }, "unknown"), "few", /not certain that STUN answers/],
    ["with UDP blocked and no TURN", lines({ stun: "fail" }), "few", /your own network: no STUN server answers/],
    ["without a lobby server", lines({ "broker-lobby": "fail" }), "nobody", /No lobby/],
    ["with a full lobby server", lines({ "broker-lobby": "warn" }), "nobody", /No lobby/],
    ["without WebRTC", lines({ page: "fail" }), "nobody", /browser cannot play/],
    ["with WebRTC that is blocked", lines({ channel: "fail" }), "nobody", /browser cannot play/],
    ["stopped", [], "unknown", /not finished/],
  ];
  test.each(cases)("%s", (_name, given, reach, sentence) => {
    const verdict = verdictOf(given);
    expect(verdict).toMatchObject({ reach, sentence: expect.stringMatching(sentence) });
  });
});

describe("what is told of somebody", () => {
  test("[CD21] addresses are cut to their first half", () => {
    expect(redactAddresses("203.0.113.9:50000 and 2001:db8:1:2::7%eth0")).toBe("203.0.x.x:50000 and 2001:db8:x");
    fc.assert(
      fc.property(fc.ipV4(), (address) => {
        const [first = "", second = ""] = address.split(".");
        expect(redactAddresses(`at ${address}.`)).toBe(`at ${first}.${second}.x.x.`);
      }),
    );
    const ipV6 = fc.ipV6().filter((address) => !address.startsWith(":") && !address.includes("."));
    fc.assert(
      fc.property(ipV6, (address) => {
        expect(redactAddresses(address)).not.toBe(address);
      }),
    );
  });

  test("[CD21] the report has every line, its remedy and its figures", () => {
    const lines = [judgeStun([STUN_OK], false), judgeNat("dependent")];
    const report = reportText({ lines, verdict: verdictOf(lines), userAgent: "Test/1", elapsedMs: 3_210 });
    expect(report).toContain("[ ok ] stun: STUN answers in 30 ms");
    expect(report).toContain("[warn] nat: Your router");
    expect(report).toContain("       A TURN server solves this.");
    expect(report).toContain("address=203.0.x.x");
    expect(report).toContain("3.2 s, Test/1");
    expect(report).not.toContain("203.0.113");
  });

  test("[CD22] servers are asked one by one; a TURN server over UDP counts as a STUN server, too", () => {
    const secret = { username: "u", credential: "p" };
    const plan = planIce([
      { urls: ["stun:a.example", "STUN:b.example:19302", "nonsense", "stun:"] },
      {
        urls: ["turn:c.example", "turn:c.example?transport=tcp", "turns:c.example:443?transport=tcp", "turn:[2001:db8::1]:3478"],
        ...secret,
      },
    ]);
    expect(plan.stun.map(({ urls }) => urls[0])).toEqual(["stun:a.example:3478", "stun:b.example:19302", "stun:c.example:3478"]);
    expect(plan.turn.udp).toEqual([
      { urls: ["turn:c.example"], ...secret },
      { urls: ["turn:[2001:db8::1]:3478"], ...secret },
    ]);
    expect(plan.turn.tcp.map(({ urls }) => urls[0])).toEqual(["turn:c.example?transport=tcp"]);
    expect(plan.turn.tls.map(({ urls }) => urls[0])).toEqual(["turns:c.example:443?transport=tcp"]);
  });
});
