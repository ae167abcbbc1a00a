import { unreachable } from "../base/assert.ts";
import type { PeerId } from "../base/units.ts";
import type { LinkPath, LinkStage, LinkStats } from "../ports/link.ts";
import type { Link } from "./link.ts";
import { BROKER_VIA } from "./relay-router.ts";

/** A link in figures; `path` is that of the pair's own connection. */
export function linkStats(link: Link, path: LinkPath): LinkStats {
  const { peerId, status, carrier, relay, proofs } = link;
  const { rttMs, jitterMs, lossRatio } = carrier.roundTrip;
  const isOpen = status === "open" || status === "suspect";
  return {
    peerId,
    status,
    stage: stageOf(link),
    path: isOpen ? relayPath(relay.via, path) : "connecting",
    ...(relay.via === undefined || relay.via === BROKER_VIA ? {} : { via: relay.via }),
    ...proofs.stats(relay.via !== undefined),
    rttMs,
    jitterMs,
    lossRatio,
  };
}

function relayPath(via: PeerId | undefined, path: LinkPath): LinkPath {
  if (via === undefined) return path;
  return via === BROKER_VIA ? "broker" : "peer";
}

/** The exact stage behind a coarse status: what is being done about the pair's own connection. */
function stageOf({ status, direct, healing }: Link): LinkStage {
  const { kind } = direct.carrier.state;
  switch (status) {
    case "connecting":
      if (kind === "dialing") return "signaling";
      return kind === "greeting" ? "checking" : "new";
    case "open":
      return "open";
    case "suspect":
      if (healing.isRestarting) return "restarting";
      return direct.isRebuilding ? "rebuilding" : "suspect";
    case "closed":
      return direct.isOver ? "closed" : "lost";
    default:
      return unreachable(status);
  }
}
