import type { CheckId } from "@rollcall/netcode/doctor";
import { strings } from "./strings.ts";

export type { CheckId, CheckStatus, Diagnosis, DiagnosisLine } from "@rollcall/netcode/doctor";

/** The checks in their order, and what they are called here. The library itself is loaded only when somebody checks. */
export const CHECK_TITLES: readonly (readonly [CheckId, string])[] = [
  ["page", strings.check.titles.page],
  ["broker-http", strings.check.titles.server],
  ["broker-lobby", strings.check.titles.lobby],
  ["stun", strings.check.titles.stun],
  ["nat", strings.check.titles.nat],
  ["turn-udp", strings.check.titles.turn("UDP")],
  ["turn-tcp", strings.check.titles.turn("TCP")],
  ["turn-tls", strings.check.titles.turn("TLS")],
  ["channel", strings.check.titles.channel],
  ["path", strings.check.titles.path],
  ["clock", strings.check.titles.clock],
];
