/** For development and tests: what finds a game's mistakes that would part two peers. A build that does not import it has nothing of it. */
export { DeterminismError, type DeterminismErrorKind, type DeterminismFault } from "../game/determinism-error.ts";
export { determinismGuard, type DeterminismGuardOptions } from "../game/determinism-guard.ts";
export { syncTest, type SyncTestFault, type SyncTestFaultKind, type SyncTestOptions, type SyncTestReport } from "../game/sync-test.ts";
export { verifiedState } from "../game/verified-state.ts";
