import { encodeHex } from "../src/core/base/hex.ts";
import type { Transport } from "../src/core/ports/transport.ts";

/** Longest wait for an event in a test on real sockets. Only a broken test waits that long. */
const DEADLINE_MS = 20_000;
/** How often a condition is looked at that no event announces (a peer connection that has closed). */
const LOOK_MS = 5;

/** Lets real time pass until `condition` holds. */
export async function untilInRealTime(condition: () => boolean): Promise<void> {
  const endMs = performance.now() + DEADLINE_MS;
  while (!condition()) {
    if (performance.now() > endMs) throw new Error(`nothing happened within ${DEADLINE_MS} ms: ${String(condition)}`);
    await new Promise((resolve) => setTimeout(resolve, LOOK_MS));
  }
}

/** Counts what `new RTCPeerConnection` makes from now on. */
export function countPeerConnections(): {
  readonly made: RTCPeerConnection[];
  /** `see` gets each one as it is made. */
  watch(see: (connection: RTCPeerConnection) => void): void;
  live(): number;
  restore(): void;
} {
  const original = globalThis.RTCPeerConnection;
  let watcher: ((connection: RTCPeerConnection) => void) | undefined;
  const made: RTCPeerConnection[] = [];
  globalThis.RTCPeerConnection = class extends original {
    constructor(configuration?: RTCConfiguration) {
      super(configuration);
      made.push(this);
      watcher?.(this);
    }
  };
  return {
    made,
    watch: (see) => {
      watcher = see;
    },
    live: () => made.filter(({ connectionState }) => connectionState !== "closed").length,
    restore: () => {
      globalThis.RTCPeerConnection = original;
    },
  };
}

/** A peer id as the broker makes them. */
export function newPeerId(): Transport["localPeerId"] {
  return encodeHex(crypto.getRandomValues(new Uint8Array(16))) as Transport["localPeerId"];
}
