/** Several pages with the secret of one seat: a reload, a duplicated tab, a page that comes back from an outage. */
import { Random } from "@rollcall/netcode/core";
import { normalizeLobbyCode } from "@rollcall/netcode/lobby-protocol";
import { expect, test, vi } from "vitest";
import { IS_DEEP } from "../../../scripts/deep.ts";
import { START_MS, useVirtualTime } from "./virtual-time.ts";
import { STEP_MS } from "./virtual-broker.ts";
import { VirtualWorld, type VirtualMember } from "./virtual-world.ts";

const SEEDS = IS_DEEP ? 5_000 : 100;
const FIRST_SEED = Number(process.env["ROLLCALL_SEED"] ?? 1);
/** A held connection is dead after 10 s, a member comes back within 8. */
const PEACE_MS = 20_000;

useVirtualTime();

interface Outcome {
  /** Pages of the seat, in the order in which they came. */
  readonly pages: readonly VirtualMember[];
  /** Who had the seat, as long as it was one and the same; in order. */
  readonly holders: readonly string[];
  readonly seat: string | undefined;
}

async function run(seed: number): Promise<Outcome> {
  vi.setSystemTime(START_MS);
  const random = new Random(seed, "pages");
  const world = new VirtualWorld(seed);
  const host = world.host("ada");
  await world.until(() => host.member.connected);
  const code = normalizeLobbyCode(host.member.lobby?.code ?? "");
  if (code === undefined) throw new Error("no code");
  const first = world.join("bob", code);
  await world.until(() => first.member.connected);
  const { secret } = first;
  const holders: string[] = [];
  const seatNow = async (): Promise<string | undefined> =>
    (await world.broker.lobby(code))?.lobby.members.find(({ seat }) => seat === 1)?.peerId;
  world.watch = async () => {
    const seat = await seatNow();
    if (seat !== undefined && holders.at(-1) !== seat) holders.push(seat);
  };
  const pages = [first];
  for (let step = 0; step < 14; step++) {
    const page = pages[random.integer(pages.length)] ?? first;
    const act = random.integer(6);
    if (act === 0 && pages.length < 5) pages.push(world.resume("bob", code, secret));
    else if (act === 1) page.cut();
    else if (act === 2) page.isHeld = !page.isHeld;
    else if (act === 3) page.isCutOff = !page.isCutOff;
    else if (act === 4 && pages.length < 4) {
      // Two at once: two tabs that the browser opens again together.
      pages.push(world.resume("bob", code, secret), world.resume("bob", code, secret));
    }
    await world.run(STEP_MS * (1 + random.integer(40)));
  }
  for (const page of pages) {
    page.isHeld = false;
    page.isCutOff = false;
  }
  await world.run(PEACE_MS);
  const outcome = { pages, holders, seat: await seatNow() };
  world.broker.kill();
  vi.clearAllTimers();
  return outcome;
}

test(`[LB75] ${SEEDS} seats with several pages: each page has the seat once, one has it at the end, the others are over and say why`, async () => {
  let takeovers = 0;
  for (let seed = FIRST_SEED; seed < FIRST_SEED + SEEDS; seed++) {
    const { pages, holders, seat } = await run(seed);
    const alive = pages.filter(({ end }) => end === undefined);
    // A page that could not reach the broker in its first ten seconds has never been anybody.
    const ends = pages.flatMap(({ end }) => end ?? []).filter((end) => end !== "SEAT_TAKEN" && end !== "BROKER_UNREACHABLE");
    expect({
      replay: `ROLLCALL_SEED=${seed} npx vitest run --project sim packages/broker/test/second-page`,
      turns: holders.length,
      alive: alive.map(({ peerId, member }) => [peerId, member.connected]),
      ends,
    }).toEqual({ replay: expect.anything() as string, turns: new Set(holders).size, alive: [[seat, true]], ends: [] });
    takeovers += holders.length - 1;
  }
  expect(takeovers).toBeGreaterThan(SEEDS);
}, 3_600_000);
