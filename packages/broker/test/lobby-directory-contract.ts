/** What any directory of public lobbies does. */
import { normalizeLobbyCode, type LobbyCode, type LobbyListing } from "@rollcall/netcode/lobby-protocol";
import { describe, expect, test, vi } from "vitest";
import type { DirectoryEntry, LobbyDirectory } from "../src/lobby-directory.ts";

export function listing(code: string, more: Partial<LobbyListing> = {}): LobbyListing {
  return {
    code: codeOf(code),
    hostName: "Ada",
    metadata: null,
    members: 1,
    capacity: 4,
    playing: false,
    password: false,
    relayOnly: false,
    ...more,
  };
}

function codeOf(text: string): LobbyCode {
  const code = normalizeLobbyCode(text);
  if (code === undefined) throw new Error(`not a code: ${text}`);
  return code;
}

function entry(game: string, revision: number, shown: LobbyListing, isGone = false): DirectoryEntry {
  return { game, code: shown.code, age: { openedAtMs: 1_000, revision }, listing: isGone ? undefined : shown };
}

/** `create`: an empty one, and its end. */
export function describeLobbyDirectory(
  name: string,
  create: () => Promise<{ readonly directory: LobbyDirectory; readonly close: () => Promise<void> }>,
): void {
  describe(name, () => {
    test("[LS10] keeps the newest of each lobby by game, tells of changes to who watches, and of none after that", async () => {
      const { directory, close } = await create();
      const calls = { tag: 0, other: 0 };
      const stops = [directory.watch("tag", () => calls.tag++), directory.watch("other", () => calls.other++)];
      expect(await directory.list("tag")).toEqual([]);
      const first = listing("BBBBB");
      await directory.set(entry("tag", 1, first));
      await directory.set(entry("tag", 2, { ...first, members: 2 }));
      await directory.set(entry("tag", 1, listing("CCCCC")));
      await directory.set(entry("other", 1, listing("DDDDD")));
      const codes = async (): Promise<readonly string[]> => (await directory.list("tag")).map(({ code }) => code).toSorted();
      expect(await codes()).toEqual(["BBBBB", "CCCCC"]);
      expect((await directory.list("tag")).find(({ code }) => code === "BBBBB")?.members).toBe(2);
      await vi.waitFor(() => expect(calls.tag > 0 && calls.other > 0).toBe(true));
      await directory.set(entry("tag", 3, first, true));
      // What was not there was wanted gone.
      await directory.set(entry("tag", 3, listing("FFFFF"), true));
      expect(await codes()).toEqual(["CCCCC"]);
      for (const stop of stops) stop();
      const before = calls.tag;
      await directory.set(entry("tag", 2, listing("CCCCC"), true));
      expect(await codes()).toEqual([]);
      expect(calls.tag).toBe(before);
      await close();
    });
  });
}
