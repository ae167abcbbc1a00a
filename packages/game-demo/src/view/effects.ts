import type { RubberbandEvents } from "../sim/index.ts";
import { TILES, UNITS_PER_PX } from "../sim/index.ts";
import type { Sounds } from "../sound/sounds.ts";
import type { CameraRig } from "./camera-rig.ts";
import type { DiscPicture } from "./disc-picture.ts";
import type { Hud } from "./hud.ts";
import type { Sparks } from "./sparks.ts";
import { pictureX, pictureY } from "./world.ts";

/** Half the platform, in px: a sound there is at one side. */
const PAN_WIDTH = 520;
/** Speed of a hit that shakes everything, in px a frame. */
const HARD_HIT = 14;

/** What effects act on. `sounds` is undefined for a silent picture. */
export interface Stage {
  readonly sparks: Sparks;
  readonly rig: CameraRig;
  readonly hud: Hud;
  readonly sounds: Sounds | undefined;
  readonly discs: readonly DiscPicture[];
  readonly looks: readonly number[];
  readonly names: readonly string[];
  readonly local: readonly number[];
}

type Handlers = { readonly [Name in keyof RubberbandEvents]: (payload: RubberbandEvents[Name]) => void };
type OutcomeEvent = keyof ReturnType<typeof outcomeEffects>;

/** Sparks, shakes and sounds for what must be seen at once, also when it is only predicted. Each event comes once, whatever is resimulated. */
export function effectsOf(stage: Stage): Omit<Handlers, OutcomeEvent> {
  return { ...contactEffects(stage), ...floorEffects(stage), ...snapEffects(stage), ...startEffects(stage) };
}

function panOf(x: number): number {
  return pictureX(x) / PAN_WIDTH;
}

function contactEffects({ sparks, rig, sounds, discs, looks, local }: Stage): Pick<Handlers, "hit" | "bump" | "clash" | "comet-hit"> {
  return {
    hit: ({ player, by, x, y, speed }) => {
      const strength = Math.min(1, speed / UNITS_PER_PX / HARD_HIT);
      const pictureAt = [pictureX(x), pictureY(y) - 8] as const;
      sparks.bloom("burst", ...pictureAt, { from: 0.35, to: 0.9 + strength * 0.5, lifeSeconds: 0.2, alpha: 1, turn: Math.random() * 3 });
      sparks.bloom(`shock-${looks[by] ?? 0}`, ...pictureAt, { from: 0.2, to: 1.1 + strength * 0.7, lifeSeconds: 0.42, alpha: 0.95 });
      sparks.burst(...pictureAt, {
        frame: `spark-${looks[player] ?? 0}`,
        count: 16 + 12 * strength,
        speed: 520,
        lifeSeconds: 0.6,
        size: 0.75,
      });
      sparks.burst(...pictureAt, { frame: "spark-white", count: 10, speed: 640, lifeSeconds: 0.35, size: 0.55 });
      discs[player]?.kick(9 * strength);
      rig.shake((local.includes(player) || local.includes(by) ? 0.5 : 0.24) + strength * 0.22);
      sounds?.hit(panOf(x), strength);
    },
    bump: ({ player, by, x, y, speed }) => {
      const strength = Math.min(1, speed / UNITS_PER_PX / HARD_HIT);
      sparks.burst(pictureX(x), pictureY(y) - 6, {
        frame: "spark-white",
        count: 2 + 9 * strength,
        speed: 140 + 260 * strength,
        lifeSeconds: 0.3,
        size: 0.4,
      });
      discs[player]?.kick(5 * strength);
      discs[by]?.kick(5 * strength);
      sounds?.bump(panOf(x), strength);
    },
    clash: ({ player, by, x, y }) => {
      sparks.bloom("glow-white", pictureX(x), pictureY(y), { from: 0.6, to: 2.4, lifeSeconds: 0.35, alpha: 1 });
      sparks.bloom("shock-white", pictureX(x), pictureY(y), { from: 0.2, to: 1.9, lifeSeconds: 0.5, alpha: 1 });
      for (const each of [player, by]) {
        sparks.burst(pictureX(x), pictureY(y), { frame: `spark-${looks[each] ?? 0}`, count: 20, speed: 680, lifeSeconds: 0.6, size: 0.7 });
        discs[each]?.kick(10);
      }
      rig.shake(0.7);
      sounds?.clash(panOf(x));
    },
    "comet-hit": ({ player, x, y }) => {
      sparks.bloom("shock-ice", pictureX(x), pictureY(y) - 10, { from: 0.3, to: 1.7, lifeSeconds: 0.45, alpha: 1 });
      sparks.burst(pictureX(x), pictureY(y) - 10, { frame: "spark-ice", count: 26, speed: 560, lifeSeconds: 0.7, size: 0.75 });
      discs[player]?.kick(10);
      rig.shake(local.includes(player) ? 0.75 : 0.4);
      sounds?.hit(panOf(x), 1);
    },
  };
}

function floorEffects({
  sparks,
  rig,
  sounds,
  hud,
}: Stage): Pick<Handlers, "crack" | "tile-fall" | "ring-warning" | "sudden-death" | "comet"> {
  const at = (index: number): readonly [number, number] => {
    const tile = TILES[index];
    return tile === undefined ? [0, 0] : [pictureX(tile.x), pictureY(tile.y)];
  };
  return {
    crack: ({ tile, left }) => {
      const [x, y] = at(tile);
      sparks.burst(x, y, {
        frame: `debris-${tile % 3}`,
        count: left === 0 ? 5 : 2,
        speed: 150,
        lifeSeconds: 0.55,
        size: 0.4,
        gravity: 520,
        direction: -Math.PI / 2,
        spread: 2.4,
      });
      sounds?.crack(x / PAN_WIDTH);
    },
    "tile-fall": ({ tile }) => {
      const [x, y] = at(tile);
      sparks.burst(x, y + 16, { frame: `debris-${tile % 3}`, count: 4, speed: 120, lifeSeconds: 0.9, size: 0.6, gravity: 620 });
      sparks.burst(x, y + 8, { frame: "spark-ember", count: 3, speed: 90, lifeSeconds: 0.6, size: 0.5 });
      sounds?.tileFall(x / PAN_WIDTH);
    },
    "ring-warning": () => {
      rig.shake(0.16);
      sounds?.warning();
    },
    "sudden-death": () => hud.announce("Sudden death", "alarm"),
    comet: () => {
      hud.announce("Comet!", "ice");
      sounds?.comet();
    },
  };
}

function snapEffects({ sparks, rig, sounds, discs, looks, local, hud, names }: Stage): Pick<Handlers, "snap" | "land" | "fall" | "out"> {
  return {
    snap: ({ player, x, y, rescue }) => {
      const isLocal = local.includes(player);
      sparks.bloom(`glow-${looks[player] ?? 0}`, pictureX(x), pictureY(y) - 6, { from: 0.6, to: 1.5, lifeSeconds: 0.3, alpha: 0.9 });
      discs[player]?.kick(-6);
      sounds?.snap(panOf(x), isLocal);
      if (rescue) sounds?.rescue(panOf(x));
    },
    land: ({ player, x, y, rescue, shock }) => {
      const look = looks[player] ?? 0;
      discs[player]?.kick(8);
      if (rescue && local.includes(player)) hud.announce("Saved!", "good");
      if (!shock) return;
      sparks.bloom(`shock-${look}`, pictureX(x), pictureY(y), { from: 0.15, to: 1.15, lifeSeconds: 0.4, alpha: 0.9 });
      sparks.burst(pictureX(x), pictureY(y), { frame: `spark-${look}`, count: 12, speed: 320, lifeSeconds: 0.45, size: 0.55 });
      if (local.includes(player)) rig.shake(0.3);
      sounds?.land(panOf(x));
    },
    fall: ({ player, x }) => sounds?.fall(panOf(x), local.includes(player)),
    out: ({ player, by, x, y }) => {
      const look = looks[player] ?? 0;
      const down = 190;
      sparks.bloom(`glow-${look}`, pictureX(x), pictureY(y) + down, { from: 0.4, to: 2.6, lifeSeconds: 0.5, alpha: 0.8 });
      sparks.burst(pictureX(x), pictureY(y) + down, { frame: `spark-${look}`, count: 24, speed: 420, lifeSeconds: 0.9, size: 0.8 });
      rig.shake(local.includes(player) ? 0.6 : 0.3);
      sounds?.out(panOf(x));
      hud.noteOut(player, by);
      if (local.includes(player)) hud.announce("You are out", "alarm");
      else if (local.includes(by)) hud.announce(`Knocked off ${names[player] ?? ""}`, "good");
    },
  };
}

function startEffects({ sounds, hud }: Stage): Pick<Handlers, "count" | "round-start"> {
  return {
    count: ({ left }) => {
      hud.announce(String(left), "count");
      sounds?.count();
    },
    "round-start": () => {
      hud.announce("Go!", "go");
      sounds?.go();
    },
  };
}

/** Who won, which nobody wants to read before it is certain. */
export function outcomeEffects({ sounds, hud, names, local, sparks, looks }: Stage): Pick<Handlers, "round-end" | "match-end"> {
  return {
    "round-end": ({ winner }) => {
      hud.announceWinner(winner, winner < 0 ? "Nobody is left" : `${names[winner] ?? ""} takes the round`);
      sounds?.roundEnd(local.includes(winner));
    },
    "match-end": ({ winner }) => {
      hud.announceWinner(winner, `${names[winner] ?? ""} wins!`);
      for (const look of looks.keys()) {
        sparks.burst(0, -60, {
          frame: `spark-${look}`,
          count: 14,
          speed: 560,
          lifeSeconds: 1.8,
          size: 0.9,
          gravity: 380,
          direction: -Math.PI / 2,
          spread: 2.6,
        });
      }
      sparks.bloom(`shock-${looks[winner] ?? 0}`, 0, 0, { from: 0.3, to: 3, lifeSeconds: 0.9, alpha: 0.9 });
      sounds?.matchEnd(local.includes(winner));
    },
  };
}
