/** Findings about channels and clocks of this browser, as lines. */
import type { ClockFinding, DiagnosisLine, PairFinding } from "../ports/diagnosis.ts";
import { lineOf, rounded, skipped } from "./lines.ts";

/** A frame of a match is 16.7 ms: within one, nobody notices. At half, busy machines are blamed; at double, every rollback of a fast game shows. */
const LOCAL_RTT_MS_MAX = 16;
const LOSS_RATIO_MAX = 0.02;
/** Of what a worker's timer should have called. */
const TICKS_RATIO_MIN = 0.6;
const PAGE_LATE_MS_MAX = 100;

export function judgeChannel(finding: PairFinding | undefined): DiagnosisLine {
  if (finding?.outcome === "open") {
    const details = { ms: rounded(finding.elapsedMs), unreliable: finding.isUnreliable };
    if (!finding.isUnreliable) {
      return lineOf("channel", {
        status: "warn",
        sentence: "A channel opens, but this browser repeats what is lost on it: the game will lag on a bad network.",
        remedy: "Use a current Chrome, Edge, Firefox or Safari.",
        details,
      });
    }
    return lineOf("channel", { status: "ok", sentence: `A channel for games opens in ${rounded(finding.elapsedMs)} ms.`, details });
  }
  return lineOf("channel", {
    status: "fail",
    sentence: "Two connections of this very page cannot reach each other.",
    remedy:
      "An extension, a VPN, a firewall on this device or a policy of the browser blocks WebRTC. Switch them off one by one, or use another browser.",
    details: { stage: finding?.stage ?? "timeout" },
  });
}

/** `turn`: the same through a TURN server, where one works: it says how far the internet is. */
export function judgePath(local: PairFinding | undefined, turn: PairFinding | undefined): DiagnosisLine {
  const finding = turn?.outcome === "open" ? turn : local;
  if (finding?.outcome !== "open" || finding.sent === 0) return skipped("path", "Nothing could be measured.");
  const isLocal = finding !== turn;
  const lossRatio = 1 - finding.answered / finding.sent;
  const { rttMs, jitterMs } = finding;
  const lossPercent = rounded(lossRatio * 100);
  const figures = `${rounded(rttMs)} ms there and back, ${lossPercent} % lost`;
  const details = {
    over: isLocal ? "this device" : "TURN",
    rttMs: rounded(rttMs * 10) / 10,
    jitterMs: rounded(jitterMs * 10) / 10,
    lossPercent,
    sent: finding.sent,
  };
  if (lossRatio > LOSS_RATIO_MAX) {
    return lineOf("path", {
      status: "warn",
      sentence: isLocal
        ? `Datagrams get lost inside this device: ${figures}.`
        : `Datagrams get lost on the way to the relay and back: ${figures}.`,
      remedy: isLocal
        ? "This device is very busy. Close other tabs and programs."
        : "A cable is better than Wi-Fi, and being near the router better than far.",
      details,
    });
  }
  if (isLocal && rttMs > LOCAL_RTT_MS_MAX) {
    const sentence = `This device takes long to handle a datagram: ${figures}.`;
    return lineOf("path", { status: "warn", sentence, remedy: "Close other tabs and programs.", details });
  }
  const sentence = isLocal ? `Datagrams pass: ${figures}, inside this device.` : `Datagrams pass: ${figures}, to the relay and back twice.`;
  return lineOf("path", { status: "ok", sentence, details });
}

export function judgeClock(finding: ClockFinding | undefined): DiagnosisLine {
  if (finding === undefined) return skipped("clock", "The timers could not be checked in time.");
  const { workerTicks, expectedTicks, pageLateMs, cores, isHidden } = finding;
  const details = {
    cores,
    hidden: isHidden,
    pageLateMs: rounded(pageLateMs),
    ...(workerTicks === undefined ? {} : { workerTicks, expectedTicks }),
  };
  if (workerTicks === undefined) {
    return lineOf("clock", {
      status: "warn",
      sentence: "No worker may start: the game stands still, and others wait, when this tab is hidden.",
      remedy: "For whoever runs the game: allow workers in the page's content security policy (worker-src 'self' blob:).",
      details,
    });
  }
  if (workerTicks < expectedTicks * TICKS_RATIO_MIN) {
    return lineOf("clock", {
      status: "warn",
      sentence: "Timers are late: this device is too busy, or saves power.",
      remedy: "Close other tabs and programs, plug the device in, or switch off the power saver.",
      details,
    });
  }
  if (pageLateMs > PAGE_LATE_MS_MAX && !isHidden) {
    return lineOf("clock", {
      status: "warn",
      sentence: `The page stood still for ${rounded(pageLateMs)} ms: the picture will stutter.`,
      remedy: "Close other tabs and programs.",
      details,
    });
  }
  return lineOf("clock", { status: "ok", sentence: "The clock keeps its pace, in a hidden tab too.", details });
}
