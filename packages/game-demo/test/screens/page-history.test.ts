import { expect, test } from "vitest";
import { PageHistory, type WayBack } from "../../src/net/page-history.ts";

/** A tab: what its history holds, and the way through it. Another page lies below ours. */
class FakeTab {
  readonly entries: { state: unknown; url: string }[];
  at = 1;
  readonly #listeners: (() => void)[] = [];
  readonly window: ConstructorParameters<typeof PageHistory>[0]["window"];

  constructor(url: string) {
    this.entries = [
      { state: null, url: "https://elsewhere.example/" },
      { state: null, url: new URL(url, "https://play.example/").href },
    ];
    const entry = (): { state: unknown; url: string } => this.entries[this.at] ?? { state: null, url: "" };
    const history = {
      get state() {
        return entry().state;
      },
      replaceState: (state: unknown, _: string, url: string) => void Object.assign(entry(), { state, url: new URL(url, entry().url).href }),
      pushState: (state: unknown, _: string, url: string) => {
        this.entries.splice(this.at + 1, Infinity, { state, url: new URL(url, entry().url).href });
        this.at += 1;
      },
      back: () => this.go(-1),
    };
    const location = {
      get hash() {
        return new URL(entry().url).hash;
      },
      get pathname() {
        return new URL(entry().url).pathname;
      },
      get search() {
        return new URL(entry().url).search;
      },
    };
    this.window = Object.assign(Object.create(null), {
      history,
      location,
      addEventListener: (_: string, listener: () => void) => void this.#listeners.push(listener),
    });
  }

  /** Back or forward, by one; on another page nobody of ours listens. */
  go(step: 1 | -1): void {
    this.at += step;
    if (this.at > 0) for (const listener of this.#listeners) listener();
  }

  get addresses(): string[] {
    return this.entries.map(({ url }) => url.replace("https://play.example/", ""));
  }
}

function open(url: string): { tab: FakeTab; history: PageHistory; way: (next: WayBack) => void; asked: () => number } {
  const tab = new FakeTab(url);
  let asked = 0;
  let next: WayBack = "home";
  const history: PageHistory = new PageHistory({
    window: tab.window,
    onBack: () => {
      asked += 1;
      // As the app does.
      if (next === "left") history.leave();
      return next;
    },
  });
  return { tab, history, way: (way) => (next = way), asked: () => asked };
}

test("[SC106] a lobby is one entry above the title, which keeps neither its code nor its secret", () => {
  const { tab, history } = open("?fx=off#j=KXRTM.secret");
  history.enter("KXRTM");
  expect(tab.addresses.slice(1)).toEqual(["?fx=off", "?fx=off#j=KXRTM"]);
  history.enter("KXRTM");
  expect(tab.entries).toHaveLength(3);
});

test("[SC106] the way back out of the room is the title, and the next one another page", () => {
  const { tab, history, way } = open("");
  history.enter("KXRTM");
  way("left");
  tab.go(-1);
  expect([tab.at, tab.addresses[1]]).toEqual([1, ""]);
  // Forward again is the lobby again, which the address says.
  tab.go(1);
  history.enter("KXRTM");
  expect([tab.at, tab.entries.length]).toEqual([2, 3]);
  tab.go(-1);
  tab.go(-1);
  expect(tab.at).toBe(0);
});

test("[SC106] whoever stays has the same address and the same way back", () => {
  const { tab, history, way, asked } = open("");
  history.enter("KXRTM");
  way("stayed");
  tab.go(-1);
  tab.go(-1);
  expect(asked()).toBe(2);
  expect([tab.at, tab.addresses[2]]).toEqual([2, "#j=KXRTM"]);
});

test("[SC106] after a lobby was left with its button, the way back from the title leads out at once", () => {
  const { tab, history, way } = open("");
  history.enter("KXRTM");
  history.leave();
  expect(tab.addresses[2]).toBe("");
  history.enter(undefined);
  history.leave();
  expect(tab.entries).toHaveLength(3);
  way("home");
  tab.go(-1);
  expect(tab.at).toBe(0);
});

test("[SC106] a reload stays inside, and another code in the address is no way back", () => {
  const { tab, history } = open("");
  history.enter("KXRTM");
  let asked = 0;
  const reloaded = new PageHistory({ window: tab.window, onBack: () => ((asked += 1), "stayed") });
  reloaded.enter("KXRTM");
  expect(tab.entries).toHaveLength(3);
  tab.window.history.pushState(null, "", "#j=BBBBB");
  tab.go(-1);
  tab.go(1);
  expect(asked).toBe(0);
  reloaded.enter("KXRTM");
  expect(tab.addresses.slice(1)).toEqual(["", "#j=KXRTM", "#j=KXRTM"]);
});
