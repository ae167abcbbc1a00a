/** What comes from other people, and how far it is trusted. */
import { readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { expect, test } from "vitest";
import { parse } from "yaml";

const read = (path: string): string => readFileSync(fileURLToPath(new URL(`../../../${path}`, import.meta.url)), "utf8");

interface Lockfile {
  readonly packages: Readonly<Record<string, { readonly resolution: { readonly integrity?: string } }>>;
}

test("[AB20] every package is locked to the hash of its content, and none runs a script when it is installed", () => {
  const { packages } = parse(read("pnpm-lock.yaml")) as Lockfile;
  const names = Object.keys(packages);
  expect(names.length).toBeGreaterThan(100);
  expect(names.filter((name) => !/^sha512-[A-Za-z0-9+/]{86}==$/.test(packages[name]?.resolution.integrity ?? ""))).toEqual([]);
  const { allowBuilds, catalog } = parse(read("pnpm-workspace.yaml")) as {
    readonly allowBuilds: Readonly<Record<string, boolean>>;
    readonly catalog: Readonly<Record<string, string>>;
  };
  expect(Object.values(allowBuilds)).not.toContain(true);
  // One exact version of each, so that an update is somebody's decision.
  expect(Object.values(catalog).filter((version) => !/^\d+\.\d+\.\d+$/.test(version))).toEqual([]);
});

test("[AB21] the broker has few dependencies of its own, and `ws` is one that bounds fragments", () => {
  const { dependencies } = JSON.parse(read("packages/broker/package.json")) as { readonly dependencies: Readonly<Record<string, string>> };
  expect(Object.keys(dependencies).length).toBeLessThanOrEqual(12);
  const { packages } = parse(read("pnpm-lock.yaml")) as Lockfile;
  const versions = Object.keys(packages).flatMap((name) => /^ws@(\d+)\.(\d+)\.\d+$/.exec(name)?.slice(1).map(Number) ?? []);
  expect(versions).toHaveLength(2);
  expect(versions[0]).toBe(8);
  expect(versions[1]).toBeGreaterThanOrEqual(21);
});
