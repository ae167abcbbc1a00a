/** The simulator: networks, transports and whole matches in virtual time, from one seed. */
export { SimScheduler, type SimTask } from "./sim-scheduler.ts";
export { CLEAN_CONDITIONS, SimLink, type BurstLoss, type LinkConditions, type LinkFigures, type Passage } from "./sim-link.ts";
export { LINK_PROFILES, type LinkProfile } from "./profiles.ts";
export { SimNetwork, type Association, type SimNetworkOptions } from "./sim-network.ts";
export type { AssociationEnd, ReceiveMessage } from "./association-end.ts";
export { SIGNALING_DEFAULTS, SimSignaling, type ReceiveSignal, type SignalingConditions, type SignalingMessage } from "./sim-signaling.ts";
export { SimTransport } from "./sim-transport.ts";
