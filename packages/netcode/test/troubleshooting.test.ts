import { readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { describe, expect, test } from "vitest";
import { CHECK_IDS } from "../src/core/ports/diagnosis.ts";
import { helpAnchorOf } from "../src/core/ports/help-anchor.ts";
import { LINK_FAILURE_REASONS } from "../src/core/ports/link-failure.ts";
import { LINK_FAILURE_SENTENCES } from "../src/facade/link-error.ts";
import { NETCODE_ERROR_CODES, NetcodeError } from "../src/facade/netcode-error.ts";
import type { NetcodeErrorCode } from "../src/facade/error-types.ts";

const GUIDES = fileURLToPath(new URL("../../../docs/guides/", import.meta.url));
const [page = ""] = helpAnchorOf("").split("#");
const guide = readFileSync(`${GUIDES}${page}`, "utf8");
/** Sections by their anchor. */
const sections = new Map(
  guide.split(/^<a id="/m).slice(1).map((part) => [part.slice(0, part.indexOf('"')), part.slice(part.indexOf(">"))] as const), // prettier-ignore
);

function section(anchor: string): string {
  return sections.get(anchor.slice(page.length + 1)) ?? "";
}

describe("[CD40] the guide explains, with the sentence that the player reads,", () => {
  test.each(NETCODE_ERROR_CODES)("%s", (code) => {
    const { anchor, message, remedy } = new NetcodeError(code as NetcodeErrorCode);
    expect(section(anchor)).toContain(`> ${message} ${remedy}`);
  });

  test.each(LINK_FAILURE_REASONS.filter((reason) => reason !== "VERSION_MISMATCH"))("%s", (reason) => {
    const [message, remedy] = LINK_FAILURE_SENTENCES[reason];
    expect(section(helpAnchorOf(reason))).toContain(`> ${message} ${remedy}`);
  });

  test.each(CHECK_IDS)("check %s", (id) => {
    expect(section(helpAnchorOf(`check-${id}`)).length).toBeGreaterThan(100);
  });

  test("nothing that does not exist", () => {
    const checks = CHECK_IDS.map((id) => `check-${id}`);
    const known = new Set([...NETCODE_ERROR_CODES, ...LINK_FAILURE_REASONS, ...checks].map(helpAnchorOf));
    expect([...sections.keys()].map((anchor) => `${page}#${anchor}`).filter((anchor) => !known.has(anchor))).toEqual([]);
  });
});
