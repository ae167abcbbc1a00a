import { expect, test } from "vitest";
import type { LabPage } from "./lab/lab-page.ts";
import { closeAll, enterLobby, figure, useLab } from "./lab/use-lab.ts";

const lab = useLab({ slow: "cone", fast: "cone" });

const LINK_BYTES_PER_SECOND = 300_000;
/** A home router's: deep enough that a file sent at full speed makes everything else wait for it. */
const QUEUE_MS = 400;
const FILE_BYTES = 2_000_000;
const ALONE_FRAMES = 300;

/** How long each datagram of `sender` took to `receiver` meanwhile, in ms, in order of size. Those that were lost are left out. */
async function delaysWhile(sender: LabPage, receiver: LabPage, act: () => Promise<void>): Promise<number[]> {
  for (const { page } of [sender, receiver]) await page.evaluate(() => globalThis.lab.recordDatagrams());
  await act();
  const { sent } = await sender.page.evaluate(() => globalThis.lab.recordedDatagrams());
  const { received } = await receiver.page.evaluate(() => globalThis.lab.recordedDatagrams());
  const sentMs = new Map(sent.map(({ bytes, atMs }) => [bytes, atMs]));
  const delays = received.map(({ bytes, atMs }) => atMs - (sentMs.get(bytes) ?? Number.NaN));
  return delays.filter((delay) => !Number.isNaN(delay)).sort((left, right) => left - right);
}

function percentile(sorted: readonly number[], part: number): number {
  return sorted[Math.floor(part * (sorted.length - 1))] ?? Number.NaN;
}

test("[NW60] a file of 2 MB goes over a link of 300 kB/s beside a match, which does not feel it", async () => {
  lab.current.hosts.slow.setRate(LINK_BYTES_PER_SECOND, QUEUE_MS);
  const pages = await enterLobby(lab.current, ["fast", "slow"]);
  const [fast, slow] = pages;
  await Promise.all(pages.map((page) => page.open()));
  await fast!.start();
  await Promise.all(pages.map((page) => page.confirmed(120)));
  // What the machine itself delays, busy as it is.
  const alone = await delaysWhile(slow!, fast!, async () => slow!.confirmed((await slow!.confirmedFrame()) + ALONE_FRAMES));
  let elapsedMs = 0;
  const delays = await delaysWhile(slow!, fast!, async () => {
    elapsedMs = await slow!.page.evaluate((size) => globalThis.lab.sendFile(size), FILE_BYTES);
  });
  expect(await fast!.page.evaluate(() => globalThis.lab.filesReceived())).toEqual([FILE_BYTES]);
  const share = FILE_BYTES / (elapsedMs / 1_000) / LINK_BYTES_PER_SECOND;
  figure("file beside a match at 300 kB/s: part of the link that the file gets", share * 100, "%");
  for (const part of [0.5, 0.99]) {
    figure(`file beside a match at 300 kB/s: the match's datagrams, p${part * 100}`, percentile(delays, part), "ms");
    figure(`no file beside a match at 300 kB/s: the match's datagrams, p${part * 100}`, percentile(alone, part), "ms");
  }
  // Without a pace the queue is full, and so it is for every datagram. (The slowest ones also tell what else the machine does.)
  expect(delays.length).toBeGreaterThan(300);
  expect(percentile(delays, 0.9)).toBeLessThan(QUEUE_MS / 2);
  expect(share).toBeGreaterThan(0.3);
  for (const page of pages) {
    expect((await page.events()).filter(({ type }) => type === "suspect")).toEqual([]);
    expect(page.errors).toEqual([]);
  }
  await closeAll(pages);
});
