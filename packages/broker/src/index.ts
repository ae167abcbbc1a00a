/** Signaling and lobbies for Rollcall games. */
export { createBroker, createBrokerHandlers, type Broker } from "./broker.ts";
export type { BrokerHandlers } from "./broker-handlers.ts";
export type { BrokerOptions } from "./broker-options.ts";
export { BROKER_LIMITS, type BrokerLimits } from "./limits.ts";
export type { TurnOptions } from "./turn-servers.ts";
export { createTicket, type TicketOptions } from "./tickets.ts";
export type { Log, LogEntry, LogLevel } from "./log-entry.ts";
