/** The simulator: networks, transports and whole matches in virtual time, from one seed. */
export { SimScheduler, type SimTask } from "./sim-scheduler.ts";
export { CLEAN_CONDITIONS, SimLink, type BurstLoss, type LinkConditions, type LinkFigures, type Passage } from "./sim-link.ts";
export { LINK_PROFILES, type LinkProfile } from "./profiles.ts";
export { SimNetwork, type Association, type SimNetworkOptions } from "./sim-network.ts";
export type { AssociationEnd, ReceiveMessage } from "./association-end.ts";
export { SIGNALING_DEFAULTS, SimSignaling, type ReceiveSignal, type SignalingConditions, type SignalingMessage } from "./sim-signaling.ts";
export { SimTransport } from "./sim-transport.ts";
export { FAULT_KINDS, type FaultKind, type FaultPlan, type PeerPlan, type TimedFault } from "./fault-plan.ts";
export { CHECKER_NAMES, type CheckerName, type MatchFailure } from "./match-checkers.ts";
export type { MatchCounts } from "./match-counts.ts";
export { simulateMatch, type MatchFigures, type MatchOptions, type MatchReport, type SimulationSetup } from "./simulate-match.ts";
export { simulateBatch, type BatchOptions, type BatchReport } from "./match-batch.ts";
export { ScrambleSimulation, type ScrambleOptions } from "./scramble-simulation.ts";
