/** Findings about the page and the lobby server, as lines. */
import type { DiagnosisLine, HttpFinding, LobbyFinding, PageFinding } from "../ports/diagnosis.ts";
import { lineOf, rounded } from "./lines.ts";

export function judgePage({ isSecure, hasWebRtc, hasWebSocket, isOnline, isHttps }: PageFinding): DiagnosisLine {
  const details = { secure: isSecure, https: isHttps, webrtc: hasWebRtc, online: isOnline };
  if (!hasWebRtc || !hasWebSocket) {
    return lineOf("page", {
      status: "fail",
      sentence: hasWebRtc
        ? "This browser has no WebSocket."
        : "This browser has no WebRTC, or an extension or a policy has switched it off.",
      remedy: "Use a current Chrome, Edge, Firefox or Safari, and allow WebRTC in extensions that block it.",
      details,
    });
  }
  if (!isOnline) {
    const remedy = "Connect to a network.";
    return lineOf("page", { status: "warn", sentence: "The browser says that this device is offline.", remedy, details });
  }
  if (!isSecure) {
    return lineOf("page", {
      status: "warn",
      sentence: "This page came over plain http: playing works, but copying, sharing, keeping the screen on and the microphone do not.",
      remedy: "Open the page over https.",
      details,
    });
  }
  return lineOf("page", { status: "ok", sentence: "This browser has all that the game needs.", details });
}

/** `isMixed`: a page of https was told to use a server of http, which browsers refuse. */
export function judgeHttp(finding: HttpFinding | undefined, isMixed: boolean): DiagnosisLine {
  if (isMixed) {
    return lineOf("broker-http", {
      status: "fail",
      sentence: "This page came over https, and its lobby server is named as plain http: the browser refuses that.",
      remedy: "For whoever runs the game: put the lobby server behind https, and name it so.",
      details: { mixed: true },
    });
  }
  if (finding?.outcome === "answered") {
    const { elapsedMs, status } = finding;
    const details = { ms: rounded(elapsedMs), ...(status === undefined ? {} : { status }) };
    if (status === undefined || status < 400) {
      return lineOf("broker-http", { status: "ok", sentence: `The lobby server answers in ${rounded(elapsedMs)} ms.`, details });
    }
    return lineOf("broker-http", {
      status: "warn",
      sentence: `Something answers at the lobby server's address, but not the lobby server (HTTP ${status}).`,
      remedy: "Check the server's address. For whoever runs it: the proxy must pass /healthz, /lobby and /peerjs.",
      details,
    });
  }
  return lineOf("broker-http", {
    status: "fail",
    sentence: finding === undefined ? "The lobby server does not answer in time." : "The lobby server cannot be reached.",
    remedy: "Check your network, then whether others can reach it. It may be down, or a firewall is in between.",
    details: { answered: false },
  });
}

export function judgeLobby(finding: LobbyFinding | undefined): DiagnosisLine {
  if (finding?.outcome === "admitted") {
    const { elapsedMs, iceServers } = finding;
    const urls = iceServers.flatMap((server) => server.urls);
    const turn = urls.filter((url) => url.startsWith("turn")).length;
    const details = { ms: rounded(elapsedMs), stun: urls.length - turn, turn };
    return lineOf("broker-lobby", { status: "ok", sentence: `A lobby opens in ${rounded(elapsedMs)} ms.`, details });
  }
  // Told to stop, the member says that it is closed.
  if (finding === undefined || finding.code === "CLOSED") {
    return lineOf("broker-lobby", {
      status: "fail",
      sentence: "No lobby opens in time.",
      remedy: "Check again. If it stays so, the lobby server, your network or this device is too busy.",
      details: { code: "TIMEOUT" },
    });
  }
  if (finding.code === "BROKER_UNREACHABLE" || finding.code === "BAD_ARGUMENT") {
    return lineOf("broker-lobby", {
      status: "fail",
      sentence: "No lobby can be opened: the WebSocket to the lobby server does not come about.",
      remedy:
        "Try another network: some proxies and virus scanners break WebSockets. For whoever runs the server: the proxy must pass upgrades of /lobby, and this page's address must be among its origins.",
      details: { code: finding.code },
    });
  }
  const isBusy = finding.code === "RATE_LIMITED" || finding.code === "SERVER_FULL";
  return lineOf("broker-lobby", {
    status: isBusy ? "warn" : "fail",
    sentence: isBusy ? "The lobby server has no room for you at the moment." : `The lobby server refuses this page (${finding.code}).`,
    remedy: isBusy
      ? "Wait a minute, then check again."
      : "Reload the page. For whoever runs the game: page and server must be of the same version.",
    details: { code: finding.code },
  });
}
