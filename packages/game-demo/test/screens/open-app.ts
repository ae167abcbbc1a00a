import type { Gateway, LocalRequest, RubberbandLobby, RubberbandMatch } from "../../src/net/gateway.ts";
import { inviteLink, readPageOptions } from "../../src/net/page-options.ts";
import { App } from "../../src/screens/app.ts";
import { Identity } from "../../src/screens/identity.ts";
import { Stage } from "../../src/screens/stage.ts";
import "../../src/styles/main.css";
import { FakeList } from "./fake-list.ts";
import { FakeLobby } from "./fake-lobby.ts";
import { FakeMatch, wholeProfile } from "./fake-match.ts";

/** What the network does in a test: by default lobbies open at once, and there is no seat to go back to. */
export interface FakeNetwork {
  readonly host?: (name: string) => Promise<RubberbandLobby>;
  readonly join?: (code: string, name: string, signal: AbortSignal | undefined, password?: string) => Promise<RubberbandLobby>;
  readonly quickMatch?: (name: string) => Promise<RubberbandLobby>;
  readonly watchLobbies?: Gateway["watchLobbies"];
  readonly resume?: (takeOver: boolean) => Promise<RubberbandLobby | undefined>;
  readonly diagnose?: Gateway["diagnose"];
  readonly codeLength?: Gateway["codeLength"];
}

export interface OpenedApp {
  readonly app: App;
  /** The lobby that was entered last. */
  readonly lobby: () => FakeLobby;
  /** What was asked of the network, in order. */
  readonly requests: string[];
  /** What was written into the address bar, in order. */
  readonly codes: (string | undefined)[];
  /** What the arena was told to play, in order. */
  readonly played: RubberbandMatch[];
  readonly close: () => void;
}

/** Opens the app on this page, as if at `path`, with a network in memory and an arena that draws nothing. */
export async function openApp(path: string, network: FakeNetwork = {}): Promise<OpenedApp> {
  const requests: string[] = [];
  const codes: (string | undefined)[] = [];
  const played: RubberbandMatch[] = [];
  const root = document.createElement("main");
  // Clicks wait until what they aim at stands still.
  const still = document.createElement("style");
  still.textContent = "* { animation: none !important; transition: none !important; }";
  document.body.append(still, root);
  const address = new URL(path, "https://play.example/");
  const page = readPageOptions(address);
  let muted = false;
  const startLocal = (request: LocalRequest): RubberbandMatch => startFake(request);
  const stage = new Stage({
    startLocal,
    loadArena: async () => () => ({
      get muted() {
        return muted;
      },
      play: (match) => void played.push(match),
      stop: () => undefined,
      setStill: () => undefined,
      resize: () => undefined,
      setMuted: (value) => (muted = value),
      setReducedMotion: () => undefined,
      dispose: () => undefined,
    }),
    fx: page.fx,
    reducedMotion: true,
    pick: () => 0,
  });
  const app = new App({
    root,
    gateway: {
      host: async ({ name, colour, listed = false, password = "", relayOnly = false }) => {
        const wishes = [...(listed ? ["listed"] : []), ...(password === "" ? [] : [`"${password}"`]), ...(relayOnly ? ["relay-only"] : [])];
        requests.push(["host", name, ...wishes].join(" "));
        return network.host?.(name) ?? new FakeLobby("KXRTM", { name, colour: colour ?? 0 });
      },
      join: async (code, { name, colour, signal, as, password }) => {
        const wishes = [...(as === undefined ? [] : [as]), ...(password === undefined ? [] : [`"${password}"`])];
        requests.push(["join", code, name, ...wishes].join(" "));
        return network.join?.(code, name, signal, password) ?? new FakeLobby(code.slice(0, 5), { name, colour: colour ?? 0 }, ["Ana"]);
      },
      quickMatch: async ({ name, colour }) => {
        requests.push(`quick ${name}`);
        return network.quickMatch?.(name) ?? new FakeLobby("KXRTM", { name, colour: colour ?? 0 });
      },
      watchLobbies: async (request) => network.watchLobbies?.(request) ?? new FakeList(),
      codeLength: async (broker) => (network.codeLength === undefined ? 5 : network.codeLength(broker)),
      resume: async ({ takeOver = false }) => network.resume?.(takeOver),
      diagnose: async (request) => {
        requests.push("diagnose");
        return network.diagnose?.(request) ?? Promise.reject(new Error("nothing to check"));
      },
      startLocal,
    },
    stage,
    identity: new Identity({ presetName: page.name, storage: memoryStorage(), pick: () => 0 }),
    page,
    link: (code) => inviteLink(address, code, undefined),
    isLocalOnly: () => false,
    history: { enter: (code) => void codes.push(code), leave: () => void codes.push(undefined) },
  });
  await stage.open();
  await app.start();
  const lobby = (): FakeLobby => {
    if (!(app.lobby instanceof FakeLobby)) throw new Error("the app is in no lobby");
    return app.lobby;
  };
  const close = (): void => {
    // Lets go of the keys of a match, which are the window's and so the next test's.
    if (app.lobby instanceof FakeLobby) app.lobby.emit("closed", undefined);
    for (const dialog of document.querySelectorAll("dialog")) dialog.remove();
    stage.dispose();
    still.remove();
    root.remove();
    delete document.body.dataset["phase"];
  };
  return { app, lobby, requests, codes, played, close };
}

function startFake({ players }: LocalRequest): FakeMatch {
  const seats = players.map(({ profile: player, bot = false }) => {
    const profile = wholeProfile(player);
    return bot ? ({ kind: "bot", profile } as const) : ({ kind: "person", peerId: FakeLobby.myId, profile } as const);
  });
  const local = players.flatMap(({ bot }, index) => (bot ? [] : [index]));
  return new FakeMatch(seats, local, 0);
}

function memoryStorage(): Pick<Storage, "getItem" | "setItem"> {
  const map = new Map<string, string>();
  return { getItem: (key) => map.get(key) ?? null, setItem: (key, value) => void map.set(key, value) };
}
