import { afterAll, beforeAll, inject } from "vitest";
import type { NatKind } from "./lab-host.ts";
import type { LabPage } from "./lab-page.ts";
import type { LabOptions } from "../page/main.ts";
import { NetworkLab } from "./network-lab.ts";

/** A lab for all tests of a file, made before them and gone after them. */
export function useLab<Name extends string>(
  hosts: Readonly<Record<Name, NatKind>>,
  brokerArguments: readonly string[] = [],
): { readonly current: NetworkLab<Name> } {
  let lab: NetworkLab<Name> | undefined;
  beforeAll(async () => {
    lab = await NetworkLab.open({ hosts, folder: inject("labFolder"), chromium: inject("chromiumPath"), brokerArguments });
  });
  afterAll(() => lab?.close());
  return {
    get current() {
      if (lab === undefined) throw new Error("The lab is there during tests only.");
      return lab;
    },
  };
}

/** Prints a figure for the bench (`pnpm bench --only network`). Tests assert outcomes, not times. */
export function figure(name: string, value: number, unit: string): void {
  console.log(`FIGURE ${name}: ${Number.isInteger(value) ? value : value.toFixed(2)} ${unit}`.trimEnd());
}

/** Pages of hosts that are in one lobby; the first one made it. They need not have met yet. */
export async function enterLobby<Name extends string>(
  lab: NetworkLab<Name>,
  names: readonly Name[],
  options: Omit<LabOptions, "name"> = {},
): Promise<LabPage[]> {
  const pages = await Promise.all(names.map((name) => lab.page(name)));
  const [host, ...guests] = pages;
  const code = (await host?.host(options)) ?? "";
  const { relayOnly: _decided, ...ofEach } = options;
  for (const guest of guests) await guest.join(code, ofEach);
  return pages;
}

export async function closeAll(pages: readonly LabPage[]): Promise<void> {
  await Promise.all(pages.map((page) => page.close()));
}
