import { expect, test } from "vitest";
import type { ClaimStore } from "../src/claim-store.ts";

/** Every store of claims passes this; `passMs` lets so much of its time pass (a store on real time waits; keep it short). */
export function claimStoreContract(create: () => ClaimStore | Promise<ClaimStore>, passMs: (ms: number) => void | Promise<void>): void {
  const LEASE_MS = 60_000;
  const tokenOf = async (taken: ReturnType<ClaimStore["take"]>): Promise<number> => {
    const answer = await taken;
    if (!answer.ok) throw new Error("expected: taken");
    return answer.token;
  };

  test("[CL1] a claim is its owner's alone; who comes second is told whose it is", async () => {
    const claims = await create();
    const token = await tokenOf(claims.take("id", { owner: "ada", leaseMs: LEASE_MS }));
    const refused = await claims.take("id", { owner: "bob", leaseMs: LEASE_MS });
    expect(refused).toMatchObject({ ok: false, holder: { owner: "ada", token } });
    expect(refused.ok ? -1 : refused.holder.ageMs).toBeGreaterThanOrEqual(0);
    expect(await claims.find("id")).toMatchObject({ owner: "ada", token });
    expect(await claims.find("other")).toBeUndefined();
    await tokenOf(claims.take("other", { owner: "bob", leaseMs: LEASE_MS }));
  });

  test("[CL1] who takes it hears whether it was its own already", async () => {
    const claims = await create();
    const take = (owner: string, over?: "anybody") => claims.take("id", { owner, leaseMs: LEASE_MS, ...(over && { over }) });
    const first = await take("ada");
    const [again, other] = [await take("ada"), await take("bob", "anybody")];
    expect([first, again, other]).toMatchObject([{ isNew: true }, { isNew: false }, { isNew: true }]);
    if (other.ok) await claims.release("id", other.token);
    expect(await take("bob")).toMatchObject({ ok: true, isNew: true });
  });

  test("[CL1] of many that claim at once one gets it", async () => {
    const claims = await create();
    const all = await Promise.all(Array.from({ length: 16 }, (_, index) => claims.take("id", { owner: `o${index}`, leaseMs: LEASE_MS })));
    expect(all.filter(({ ok }) => ok)).toHaveLength(1);
  });

  test("[CL2] tokens rise with each taking: by the same owner, over another, after a release, after the lease", async () => {
    const claims = await create();
    const tokens = [
      await tokenOf(claims.take("id", { owner: "ada", leaseMs: LEASE_MS })),
      await tokenOf(claims.take("id", { owner: "ada", leaseMs: LEASE_MS })),
      await tokenOf(claims.take("id", { owner: "bob", leaseMs: LEASE_MS, over: "anybody" })),
    ];
    await claims.release("id", tokens.at(-1) ?? 0);
    tokens.push(await tokenOf(claims.take("id", { owner: "cyd", leaseMs: 50 })));
    await passMs(80);
    tokens.push(await tokenOf(claims.take("id", { owner: "dan", leaseMs: LEASE_MS })));
    expect(tokens).toEqual(tokens.toSorted((left, right) => left - right));
    expect(new Set(tokens).size).toBe(tokens.length);
  });

  test("[CL2] tokens rise also where the store has lost all it knew: an older one does not pass for the newer", async () => {
    const lost = await create();
    const before = await tokenOf(lost.take("id", { owner: "ada", leaseMs: LEASE_MS }));
    await passMs(2);
    const empty = await create();
    const after = await tokenOf(empty.take("id", { owner: "ada", leaseMs: LEASE_MS }));
    expect(after).toBeGreaterThan(before);
    expect(await empty.renew("id", { owner: "ada", token: before, leaseMs: LEASE_MS })).toBe(false);
  });

  test("[CL2] a claim is taken over by who knows its token, while it still has that token", async () => {
    const claims = await create();
    const first = await tokenOf(claims.take("id", { owner: "ada", leaseMs: LEASE_MS }));
    const second = await tokenOf(claims.take("id", { owner: "ada", leaseMs: LEASE_MS }));
    expect(await claims.take("id", { owner: "bob", leaseMs: LEASE_MS, over: first })).toMatchObject({ ok: false });
    const third = await tokenOf(claims.take("id", { owner: "bob", leaseMs: LEASE_MS, over: second }));
    expect(await claims.find("id")).toMatchObject({ owner: "bob", token: third });
  });

  test("[CL3] a renewed claim lives on; one that somebody else has by now is not renewed, nor released", async () => {
    const claims = await create();
    const token = await tokenOf(claims.take("id", { owner: "ada", leaseMs: 2_000 }));
    await passMs(1_200);
    expect(await claims.renew("id", { owner: "ada", token, leaseMs: 2_000 })).toBe(true);
    await passMs(1_200);
    expect(await claims.find("id")).toMatchObject({ owner: "ada", token });
    const next = await tokenOf(claims.take("id", { owner: "bob", leaseMs: LEASE_MS, over: "anybody" }));
    expect(await claims.renew("id", { owner: "ada", token, leaseMs: 2_000 })).toBe(false);
    await claims.release("id", token);
    expect(await claims.find("id")).toMatchObject({ owner: "bob", token: next });
  });

  test("[CL3] a claim that ran out, or that the store lost, and nobody took, is its owner's again with the same token", async () => {
    const claims = await create();
    const token = await tokenOf(claims.take("id", { owner: "ada", leaseMs: 30 }));
    await passMs(60);
    expect(await claims.find("id")).toBeUndefined();
    expect(await claims.renew("id", { owner: "ada", token, leaseMs: LEASE_MS })).toBe(true);
    expect(await claims.find("id")).toMatchObject({ owner: "ada", token });
  });
}
