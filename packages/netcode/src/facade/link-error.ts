import type { LinkCloseReason } from "../core/ports/link.ts";
import type { LinkFailure, LinkFailureReason } from "../core/ports/link-failure.ts";
import { NetcodeError } from "./netcode-error.ts";

const NO_NETWORK_FITS = "Try another network. For whoever runs the lobby server: add a TURN server (--turn).";

/** What a person reads when a peer cannot be reached, by reason. Loaded with the lobby, not with the page. */
export const LINK_FAILURE_SENTENCES: Readonly<Record<LinkFailureReason, readonly [message: string, remedy: string]>> = {
  BROKER_LOST: ["Another player cannot be reached while the lobby server is away.", "Wait until it is back: it is tried again by itself."],
  PEER_ABSENT: ["Another player is in the lobby, but its page does not answer.", "Ask it to reload its page."],
  NO_ANSWER: ["Another player does not answer.", "Ask it to reload its page. Its device may be asleep, or its browser may block WebRTC."],
  NO_CANDIDATES: [
    "This browser, or that of another player, gives no address to connect to.",
    "Allow WebRTC in extensions that block it, or leave the VPN.",
  ],
  NEEDS_TURN: ["Your network and that of another player do not let you connect directly.", NO_NETWORK_FITS],
  TURN_UNAUTHORIZED: [
    "The relay between you and another player refuses us.",
    "Try again in a minute. For whoever runs it: the secrets of lobby server and TURN server must be equal, and both clocks right.",
  ],
  TURN_UNREACHABLE: [
    "The relay between you and another player does not answer.",
    "Try another network. For whoever runs it: is the TURN server up, and its port open?",
  ],
  TURN_FAILED: [
    "Another player cannot be reached through the relay either.",
    "Try another network. For whoever runs it: are the relay ports of the TURN server open?",
  ],
  DTLS_FAILED: [
    "The encrypted connection to another player does not come about.",
    "Try again. A firewall may let short packets through and drop longer ones: try another network.",
  ],
  CHANNELS_FAILED: [
    "The connection to another player opens, and stays silent.",
    "Reload the page, and ask the other player to do the same.",
  ],
  DESCRIPTION_BAD: ["This browser does not understand that of another player.", "Update both browsers."],
  VERSION_MISMATCH: ["Another player runs another version of the game.", "Reload the page, and ask the others to do the same."],
  REFUSED: ["Another player does not know this page.", "Reload the page."],
};

/** Why a link closed, where that is for the game to know: the rest is told otherwise, or wanted. */
export function errorOfLink(reason: LinkCloseReason, failure: LinkFailure | undefined): NetcodeError | undefined {
  if (reason === "identity-mismatch") return new NetcodeError("IDENTITY_MISMATCH");
  if (reason === "not-invited") return new NetcodeError("NOT_INVITED");
  if (reason !== "unreachable" && reason !== "lost") return undefined;
  if (failure === undefined) return new NetcodeError("PEER_UNREACHABLE");
  const [message, remedy] = LINK_FAILURE_SENTENCES[failure.reason];
  return new NetcodeError("PEER_UNREACHABLE", { message, remedy, failure });
}
