/** Who is host, whatever happens to sockets, networks, pages and the broker. */
import { Random } from "@rollcall/netcode/core";
import { LOBBY_TIMES, normalizeLobbyCode } from "@rollcall/netcode/lobby-protocol";
import { expect, test, vi } from "vitest";
import { IS_DEEP } from "../../../scripts/deep.ts";
import { GATHERING_MS } from "../src/lobby-returns.ts";
import { Trouble, type Tally } from "./host-trouble.ts";
import { START_MS, useVirtualTime } from "./virtual-time.ts";
import { STEP_MS } from "./virtual-broker.ts";
import { VirtualWorld } from "./virtual-world.ts";

const SEEDS = IS_DEEP ? 5_000 : 100;
const FIRST_SEED = Number(process.env["ROLLCALL_SEED"] ?? 1);
/** Trouble, then peace: backoff of up to 8 s, a held connection that is dead after 10, gathering, and a takeover. */
const TROUBLE_MS = 20_000;
const PEACE_MS = 10_000 + 8_000 + GATHERING_MS + LOBBY_TIMES.hostTakeoverMs + 2_000;

useVirtualTime();

async function run(seed: number, tally: Tally): Promise<void> {
  vi.setSystemTime(START_MS);
  const random = new Random(seed, "host");
  const world = new VirtualWorld(seed);
  const host = world.host("ada");
  await world.until(() => host.member.connected);
  const code = normalizeLobbyCode(host.member.lobby?.code ?? "");
  if (code === undefined) throw new Error("no code");
  const members = [host, ...["bob", "cyd", "dan"].slice(0, 1 + random.integer(3)).map((name) => world.join(name, code))];
  const trouble = new Trouble(world, { code, members, random, tally });
  await world.run(500);
  for (const endMs = Date.now() + TROUBLE_MS; Date.now() < endMs;) {
    await trouble.act();
    await world.run(STEP_MS * (1 + random.integer(60)));
  }
  trouble.heal();
  await world.run(PEACE_MS);
  await trouble.check();
  world.broker.kill();
  vi.clearAllTimers();
}

test(`[LB72] ${SEEDS} lobbies in trouble: never two hosts in one epoch, a host that is away is followed within its second, and all agree afterwards`, async () => {
  const tally: Tally = { hosts: 0, takeovers: 0, restarts: 0, restored: 0, resumes: 0 };
  for (let seed = FIRST_SEED; seed < FIRST_SEED + SEEDS; seed++) {
    try {
      await run(seed, tally);
    } catch (error) {
      throw new Error(`seed ${seed}: ROLLCALL_SEED=${seed} npx vitest run --project sim packages/broker/test/host`, { cause: error });
    }
  }
  for (const [name, count] of Object.entries(tally)) expect({ [name]: count > SEEDS / 4 }).toEqual({ [name]: true });
}, 3_600_000);
