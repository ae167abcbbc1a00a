import { CLEAN_CONDITIONS, type LinkConditions } from "@rollcall/netcode/sim";

/** Weather, inputs and clocks of one run; the same for every package. */
export interface Scenario {
  readonly name: string;
  readonly conditions: LinkConditions;
  readonly inputs: "human" | "constant";
  /** The clock of the second peer runs this much faster. */
  readonly driftRatio: number;
  /** Nothing passes in either direction for so long, from ten seconds on. */
  readonly outageMs: number;
}

const CLEAN: Scenario = {
  name: "100 ms RTT, real play",
  conditions: { ...CLEAN_CONDITIONS, delayMs: 50 },
  inputs: "human",
  driftRatio: 0,
  outageMs: 0,
};

/** The first is the one in which CPU is measured. */
export const SCENARIOS: readonly Scenario[] = [
  CLEAN,
  { ...CLEAN, name: "100 ms RTT, inputs that never change", inputs: "constant" },
  { ...CLEAN, name: "200 ms RTT, inputs that never change", inputs: "constant", conditions: { ...CLEAN_CONDITIONS, delayMs: 100 } },
  { ...CLEAN, name: "100 ms RTT, 1 % lost", conditions: { ...CLEAN_CONDITIONS, delayMs: 50, lossRatio: 0.01 } },
  {
    ...CLEAN,
    name: "100 ms RTT, 5 % lost, 15 ms mean jitter",
    conditions: { ...CLEAN_CONDITIONS, delayMs: 50, jitterMs: 15, lossRatio: 0.05 },
  },
  { ...CLEAN, name: "100 ms RTT, an outage of 100 ms", outageMs: 100 },
  { ...CLEAN, name: "100 ms RTT, one clock 1 % fast", driftRatio: 0.01 },
];
