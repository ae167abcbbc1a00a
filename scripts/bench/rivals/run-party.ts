/** A process of its own for one package and one scenario: `run-party.ts PARTY SCENARIO-INDEX WARM-UP-SECONDS SECONDS` prints its figures as JSON. */
import { parsePeerId } from "@rollcall/netcode/core";
import { SimNetwork, type LinkFigures } from "@rollcall/netcode/sim";
import { setImmediate } from "node:timers/promises";
import { constantInputs, humanInputs } from "./arena.ts";
import { BenchPeer, type PeerFigures } from "./bench-peer.ts";
import { netplayjsParty } from "./netplayjs-party.ts";
import { PARTY_NAMES, type Party, type PartyName } from "./party.ts";
import { rollbackNetcodeParty } from "./rollback-netcode-party.ts";
import { rollcallParty } from "./rollcall-party.ts";
import { SCENARIOS } from "./scenarios.ts";
import { installVirtualGlobals } from "./virtual-globals.ts";

const OUTAGE_AFTER_MS = 10_000;

/** Figures of one run: of the host and of the guest. */
export interface RunFigures {
  readonly seconds: number;
  readonly peers: readonly [PeerFigures, PeerFigures];
  /** Bytes of all packets, headers and acknowledgements included, that each of them put on its link. */
  readonly wireBytes: readonly [number, number];
  /** When the counting began, in virtual ms. */
  readonly startMs: number;
}

const PARTIES: Readonly<Record<PartyName, () => Party | Promise<Party>>> = {
  netplayjs: netplayjsParty,
  "rollback-netcode": rollbackNetcodeParty,
  "rollcall-plain": () => rollcallParty("plain"),
  "rollcall-typed": () => rollcallParty("typed"),
};

async function run(partyName: PartyName, scenarioIndex: number, warmUpSeconds: number, seconds: number): Promise<RunFigures> {
  const scenario = SCENARIOS[scenarioIndex];
  if (scenario === undefined) throw new Error(`there is no scenario ${scenarioIndex}`);
  const network = new SimNetwork({ seed: 1, conditions: scenario.conditions });
  const { scheduler } = network;
  const frameCount = (warmUpSeconds + seconds + 2) * 62;
  const inputs = scenario.inputs === "human" ? humanInputs(frameCount) : constantInputs(frameCount);
  const [host, guest] = [0, 1].map((index) => {
    return new BenchPeer(index, scheduler, 1 + index * scenario.driftRatio, inputs[index] ?? new Uint8Array(0));
  }) as [BenchPeer, BenchPeer];
  const [hostId, guestId] = ["peer-0", "peer-1"].map((text) => parsePeerId(text)!);
  const [hostEnd, guestEnd] = network.associate(
    hostId!,
    (channel, bytes) => (channel === "unreliable" || channel === "reliable") && host.receive(channel, bytes),
    guestId!,
    (channel, bytes) => (channel === "unreliable" || channel === "reliable") && guest.receive(channel, bytes),
  );
  host.connect(hostEnd);
  guest.connect(guestEnd);
  const party = await PARTIES[partyName]();
  await party.prepare(host, guest, async (ms) => {
    await setImmediate();
    scheduler.runUntil(scheduler.nowMs + ms);
  });
  const links = [network.link(hostId!, guestId!), network.link(guestId!, hostId!)] as const;
  party.start();
  scheduler.runUntil(scheduler.nowMs + warmUpSeconds * 1_000);
  const startMs = scheduler.nowMs;
  const before: readonly LinkFigures[] = links.map(({ figures }) => ({ ...figures }));
  for (const peer of [host, guest]) peer.resetFigures();
  if (scenario.outageMs > 0) {
    scheduler.schedule(startMs + OUTAGE_AFTER_MS, () => {
      for (const link of links) link.cut();
    });
    scheduler.schedule(startMs + OUTAGE_AFTER_MS + scenario.outageMs, () => {
      for (const link of links) link.restore();
    });
  }
  scheduler.runUntil(startMs + seconds * 1_000);
  return {
    seconds,
    peers: [host.finish(), guest.finish()],
    wireBytes: [links[0].figures.bytes - before[0]!.bytes, links[1].figures.bytes - before[1]!.bytes],
    startMs,
  };
}

const [partyName, ...numbers] = process.argv.slice(2);
const [scenarioIndex = 0, warmUpSeconds = 0, seconds = 0] = numbers.map(Number);
const known = PARTY_NAMES.find((name) => name === partyName);
if (known === undefined) throw new Error(`parties: ${PARTY_NAMES.join(", ")}`);
installVirtualGlobals();
process.stdout.write(JSON.stringify(await run(known, scenarioIndex, warmUpSeconds, seconds)));
