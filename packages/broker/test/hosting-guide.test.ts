/** The tables of the hosting guide say what the command takes. */
import { readFileSync } from "node:fs";
import { expect, test } from "vitest";
import { BROKER_LIMITS } from "../src/limits.ts";
import { readSettings } from "../src/settings.ts";

const guide = readFileSync(new URL("../../../docs/guides/hosting.md", import.meta.url), "utf8");

test("[BR114] the guide has every flag, with its variable", () => {
  const help = readSettings(["--help"], {});
  const text = help.kind === "help" ? help.text : "";
  const taken = [...text.matchAll(/^ +(--[a-z-]+)[^(]*(?:\((?!ROLLCALL)[^(]*)*\((ROLLCALL_[A-Z_]+)\)$/gm)].map(
    ([, flag, variable]) => `${flag} ${variable}`,
  );
  const told = [...guide.matchAll(/^\| `(--[a-z-]+)` +\| `(ROLLCALL_[A-Z_]+)`/gm)].map(([, flag, variable]) => `${flag} ${variable}`);
  expect(taken.length).toBeGreaterThan(10);
  expect(told.toSorted()).toEqual(taken.toSorted());
});

test("[BR114] the guide has every limit, with its default", () => {
  const rows = [...guide.matchAll(/^\| ((?:`[A-Za-z]+`(?:, )?)+) +\| ([\d,]+(?:, [\d,]+)*)(?: each)? +\|/gm)];
  const told = rows.flatMap(([, names = "", values = ""]) => {
    const numbers = values.split(", ").map((value) => Number(value.replaceAll(",", "")));
    return [...names.matchAll(/`(\w+)`/g)].map(([, name = ""], index) => [name, numbers[index] ?? numbers[0]] as const);
  });
  expect(Object.fromEntries(told)).toEqual(BROKER_LIMITS);
});
