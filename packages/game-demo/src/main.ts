import { openStorage } from "./net/browser-storage.ts";
import { rollcallGateway, type RubberbandLobby, type RubberbandMatch } from "./net/gateway.ts";
import { askLanHost } from "./net/lan-host.ts";
import { PageHistory } from "./net/page-history.ts";
import { inviteLink, isLoopback, readPageOptions } from "./net/page-options.ts";
import { pickRandom } from "./net/pick-random.ts";
import { App } from "./screens/app.ts";
import { guardDoubleClicks } from "./screens/double-click.ts";
import { Identity } from "./screens/identity.ts";
import { Stage } from "./screens/stage.ts";
import "./styles/main.css";

declare global {
  /** For the console and for tests: the lobby we are in, and the networked match of it. */
  var rollcall: { readonly lobby: RubberbandLobby | undefined; readonly match: RubberbandMatch | undefined };
}

const address = new URL(location.href);
const page = readPageOptions(address);
/** This machine as others in the local network can reach it; asked for only where the page's own address is no use to them. */
let lanHost: string | undefined;
if (isLoopback(address.hostname)) void askLanHost().then((host) => (lanHost = host));
const motion = window.matchMedia("(prefers-reduced-motion: reduce)");

const stage = new Stage({
  startLocal: (request) => rollcallGateway.startLocal(request),
  loadArena: async () => (await import("./view/arena.ts")).createArena,
  fx: page.fx,
  reducedMotion: motion.matches,
  pick: pickRandom,
});
motion.addEventListener("change", () => stage.setReducedMotion(motion.matches));

const root = document.querySelector<HTMLElement>("#app") ?? document.body;
if (page.fx === "off" || page.fx === "low") document.body.dataset["fx"] = page.fx;

const app: App = new App({
  root,
  gateway: rollcallGateway,
  stage,
  identity: new Identity({ presetName: page.name, storage: openStorage(), pick: pickRandom }),
  page,
  link: (code) => inviteLink(address, code, lanHost),
  isLocalOnly: () => isLoopback(address.hostname) && lanHost === undefined,
  // The secret of an invite does not stay in the address: it would be on every screenshot, and in the history.
  history: new PageHistory({ window, onBack: () => app.back() }),
});

globalThis.rollcall = {
  get lobby() {
    return app.lobby;
  },
  get match() {
    return app.match;
  },
};

window.addEventListener("hashchange", () => {
  const { code, invite } = readPageOptions(new URL(location.href));
  if (code !== undefined) app.follow(code, invite);
});

guardDoubleClicks();
void app.start();
void stage.open();
