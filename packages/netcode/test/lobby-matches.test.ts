import { expect, test } from "vitest";
import type { PeerId } from "../src/core/base/units.ts";
import { GameSimulation } from "../src/core/game/game-simulation.ts";
import { RollbackSession } from "../src/core/rollback/rollback-session.ts";
import { LobbyMatches } from "../src/facade/lobby-matches.ts";
import { FacadeWorld } from "./facade-world.ts";
import { tagGame } from "./tag-game.ts";

const ADA = "ada" as PeerId;
const BEN = "ben" as PeerId;

test("[FA29] what came early is heard of only when whoever awaits the match can listen", () => {
  const profile = { name: "", colour: 0, choices: null };
  const seats = [ADA, BEN].map((peerId) => ({ kind: "person" as const, peerId, profile }));
  const agreement = { matchNumber: 1, seed: 1, seats, settings: null, hostId: ADA, countdownMs: 0 };
  const players = seats.map(() => ({ profile, bot: false }));
  const ada = new RollbackSession(0, {
    localPeerId: ADA,
    players: [ADA, BEN].map((peerId) => ({ peerId })),
    hostId: ADA,
    matchEpoch: 1,
    simulation: new GameSimulation(tagGame, { seed: 1, players, settings: null }),
  });
  ada.advanceFrame(1, new Uint8Array(tagGame.inputBytes), Infinity);
  const early = ada.pollTransmit()?.bytes.slice();
  if (early === undefined) throw new Error("no datagram");
  let nowMs = 1;
  const matches = new LobbyMatches({
    page: new FacadeWorld().page(),
    nowMs: () => nowMs,
    game: tagGame,
    localPeerId: BEN,
    transmit: () => {},
    pathTo: () => "direct",
    isMember: () => true,
    goneReasonOf: () => undefined,
    mayTakeSeats: () => false,
    handleOver: () => {},
  });
  matches.handlePacket(nowMs, ADA, early);
  const match = matches.start(agreement);
  const told: number[] = [];
  match?.on("synchronized", (frame) => told.push(frame));
  expect(told).toEqual([]);
  nowMs = 5;
  matches.tick(nowMs);
  expect(told).toHaveLength(1);
  matches.dispose();
});
