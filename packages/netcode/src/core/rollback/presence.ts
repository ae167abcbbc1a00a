import type { ObservedClock } from "../peer/endpoint.ts";
import { SUSPECT_MS, type Departures } from "./departures.ts";
import type { RemotePeer } from "./remote-peer.ts";
import type { RemotePeers } from "./remote-peers.ts";
import type { SessionEvents } from "./session-events.ts";

export interface PresenceOptions {
  readonly remotes: RemotePeers;
  readonly departures: Departures;
  readonly events: SessionEvents;
}

/** Tells who is heard: when all are for the first time, who falls silent, and who speaks again. What follows from a long silence is `Departures`'. */
export class Presence {
  readonly #remotes: RemotePeers;
  readonly #departures: Departures;
  readonly #events: SessionEvents;
  #isSynchronized = false;

  constructor(options: PresenceOptions) {
    this.#remotes = options.remotes;
    this.#departures = options.departures;
    this.#events = options.events;
  }

  /** A valid packet of `remote` came; `frame` is our next one. */
  heard(remote: RemotePeer, observedMs: number, frame: number): void {
    const isFirst = !remote.endpoint.heard;
    remote.endpoint.packetArrived(observedMs);
    if (isFirst) this.synchronize(frame);
    if (!remote.isSuspect) return;
    remote.isSuspect = false;
    this.#events.add({ type: "peer-recovered", peerId: remote.endpoint.peerId });
  }

  /** Says so, once, when every other member was heard from or dropped. */
  synchronize(frame: number): void {
    if (this.#isSynchronized) return;
    for (const { endpoint, member } of this.#remotes.list) if (!endpoint.heard && !this.#departures.isFrozen(member)) return;
    this.#isSynchronized = true;
    this.#events.add({ type: "synchronized", frame });
  }

  /** Looks who has fallen silent. */
  watch(clock: ObservedClock): void {
    for (const remote of this.#remotes.list) {
      if (remote.isSuspect || this.#departures.isFrozen(remote.member)) continue;
      if (!remote.endpoint.isSilent(clock, SUSPECT_MS)) continue;
      remote.isSuspect = true;
      this.#events.add({ type: "peer-suspect", peerId: remote.endpoint.peerId });
    }
  }
}
