import { afterEach, vi } from "vitest";
import { openApp, type FakeNetwork, type OpenedApp } from "./open-app.ts";

/** How the tests of a file open the app: it is closed after each of them. */
export function appOpener(): (path?: string, network?: FakeNetwork) => Promise<OpenedApp> {
  let opened: OpenedApp | undefined;
  afterEach(() => {
    opened?.close();
    opened = undefined;
    vi.restoreAllMocks();
    vi.useRealTimers();
  });
  return async (path = "/?name=Ada", network = {}) => {
    opened = await openApp(path, network);
    return opened;
  };
}
