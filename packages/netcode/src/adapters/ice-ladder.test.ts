import { describe, expect, it } from "vitest";
import { hasTurn, iceRung } from "./ice-ladder.ts";

const STUN = { urls: "stun:a.example" };
const TURN = {
  urls: ["turn:a.example", "turn:a.example?transport=tcp", "turns:a.example:443?transport=tcp"],
  username: "u",
  credential: "p",
};

describe("what an attempt uses", () => {
  it("[TR57] is all that is configured at first, then relays alone by UDP, TCP and TLS, then all again", () => {
    const servers = [STUN, TURN];
    const rungs = [0, 1, 2, 3, 4].map((failures) => iceRung(servers, "all", failures));
    const only = (url: string): unknown => ({ iceServers: [{ ...TURN, urls: [url] }], iceTransportPolicy: "relay" });
    const all = { iceServers: servers, iceTransportPolicy: "all" };
    expect(rungs).toEqual([all, only(TURN.urls[0]!), only(TURN.urls[1]!), only(TURN.urls[2]!), all]);
    expect(iceRung([STUN], "all", 3)).toEqual({ iceServers: [STUN], iceTransportPolicy: "all" });
    expect(iceRung([{ urls: "turns:b.example" }], "relay", 1)).toEqual({
      iceServers: [{ urls: ["turns:b.example"] }],
      iceTransportPolicy: "relay",
    });
    expect([hasTurn([STUN]), hasTurn(servers), hasTurn([])]).toEqual([false, true, false]);
  });
});
