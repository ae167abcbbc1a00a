import { createHmac } from "node:crypto";
import { expect, test } from "vitest";
import { code } from "../test/lobby-fixture.ts";
import { IceGrants } from "./ice-grants.ts";
import { createSecrets } from "./secrets.ts";

const TURN = {
  urls: ["turn:turn.example:3478?transport=udp", "turns:turn.example:443?transport=tcp"],
  secret: "0123456789abcdef",
  lifeMs: 600_000,
};
const STUN = { urls: ["stun:stun.example:3478"] };

test("[BR100] a member gets a user name that ends with its life, and the password that the TURN server makes out of it", () => {
  let wallMs = 1_700_000_000_250;
  const secrets = createSecrets("a key of this test, 32 characters");
  const grants = new IceGrants({ iceServers: [STUN], turn: () => [TURN], secrets, wallMs: () => wallMs });
  const { iceServers, iceLifeMs } = grants.grant(code("KXRTM"), 3);
  expect(iceServers[0]).toEqual(STUN);
  const { urls, username = "", credential } = iceServers[1] ?? { urls: [] };
  expect(urls).toEqual(TURN.urls);
  expect(username).toMatch(/^1700000600:[A-Za-z0-9_-]{12}\.3$/);
  expect(credential).toBe(createHmac("sha1", TURN.secret).update(username).digest("base64"));
  // To the end that the user name tells, and not to a moment after it.
  expect(wallMs + (iceLifeMs ?? 0)).toBe(1_700_000_600_000);

  wallMs += 60_000;
  const later = grants.grant(code("KXRTM"), 3).iceServers[1]?.username;
  // The part that coturn's quota counts stays the same for a seat, and is another for another.
  expect(later?.split(":")).toEqual(["1700000660", username.split(":")[1]]);
  expect(grants.grant(code("KXRTM"), 4).iceServers[1]?.username).not.toContain(username.split(":")[1] ?? "");
  expect(grants.grant(code("BBBBB"), 3).iceServers[1]?.username).not.toContain(username.split(":")[1] ?? "");
  expect(JSON.stringify(grants.grant(code("KXRTM"), 3))).not.toContain("KXRTM");
});

test("[BR100] the password of a known secret and user name is the one that coturn expects", () => {
  // Worked out beside this code: printf %s 1700000600:x.0 | openssl dgst -sha1 -hmac north-secret-0123 -binary | base64
  const turn = { ...TURN, secret: "north-secret-0123" };
  const grants = new IceGrants({ iceServers: [], turn: () => [turn], secrets: { lobbyTag: () => "x" }, wallMs: () => 1_700_000_000_000 });
  expect(grants.grant(code("KXRTM"), 0).iceServers).toEqual([
    { urls: TURN.urls, username: "1700000600:x.0", credential: "zSizZEsl1DOTmctUFzXrRCR3w74=" },
  ]);
});

test("[BR101] without TURN the servers are the same for all, and do not expire", () => {
  const grants = new IceGrants({ iceServers: [STUN], turn: () => [], secrets: { lobbyTag: () => "x" }, wallMs: () => 0 });
  expect(grants.grant(code("KXRTM"), 0)).toEqual({ iceServers: [STUN] });
});

test("[TK30] each of several servers has a credential by its own secret, and the first end counts", () => {
  const west = { urls: ["turn:west.example"], secret: "west-secret-01234", lifeMs: 60_000 };
  const grants = new IceGrants({
    iceServers: [STUN],
    turn: () => [TURN, west],
    secrets: { lobbyTag: () => "x" },
    wallMs: () => 1_700_000_000_000,
  });
  const { iceServers, iceLifeMs } = grants.grant(code("KXRTM"), 0);
  const mac = (secret: string, username: string): string => createHmac("sha1", secret).update(username).digest("base64");
  expect(iceServers).toEqual([
    STUN,
    { urls: TURN.urls, username: "1700000600:x.0", credential: mac(TURN.secret, "1700000600:x.0") },
    { urls: west.urls, username: "1700000060:x.0", credential: mac(west.secret, "1700000060:x.0") },
  ]);
  expect(iceLifeMs).toBe(60_000);
});
