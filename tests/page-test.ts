import { test as base } from "playwright/test";

/** A test with pages in the shared browser. They end with it, whether it passed or failed: pages that go on playing would take the processor from the tests that follow. */
export const test = base.extend<{ readonly closesPages: undefined }>({
  closesPages: [
    async ({ browser }, use) => {
      await use(undefined);
      await Promise.all(browser.contexts().map((context) => context.close()));
    },
    { auto: true },
  ],
});
