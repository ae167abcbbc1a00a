import type { GameObjects, Scene } from "phaser";
import { DEPTHS } from "./depths.ts";
import { Stamps } from "./stamps.ts";

/** One short-lived picture: flies, turns, grows or shrinks, fades. Px and seconds. */
interface Spark {
  frame: string;
  x: number;
  y: number;
  vx: number;
  vy: number;
  gravity: number;
  turn: number;
  spin: number;
  from: number;
  to: number;
  alpha: number;
  age: number;
  life: number;
  additive: boolean;
}

const CAPACITY = 260;

/** What a burst is made of. */
export interface Burst {
  readonly frame: string;
  readonly count: number;
  /** Px a second, fastest. */
  readonly speed: number;
  readonly lifeSeconds: number;
  readonly size: number;
  /** Where most of it goes, in radians, and how wide it spreads; a full turn for all round. */
  readonly direction?: number;
  readonly spread?: number;
  readonly gravity?: number;
}

/** Particles, rings and flashes: the short answers to what happens. Their randomness is the picture's own. */
export class Sparks {
  readonly #light: Stamps;
  readonly #solid: Stamps;
  readonly #live: Spark[] = [];
  readonly #stamp = { x: 0, y: 0, scaleX: 1, scaleY: 1, rotation: 0, alpha: 1 };
  /** Share of particles that are made, 0–1. */
  amount = 1;
  /** Share of the strength of rings and flashes, 0–1. */
  flash = 1;

  constructor(scene: Scene, layer: GameObjects.Layer) {
    this.#light = new Stamps(scene, layer, { depth: DEPTHS.sparks, additive: true, capacity: CAPACITY });
    this.#solid = new Stamps(scene, layer, { depth: DEPTHS.sparks - 1, additive: false, capacity: CAPACITY });
  }

  clear(): void {
    this.#live.length = 0;
    this.draw(0);
  }

  /** Many small ones. */
  burst(x: number, y: number, burst: Burst): void {
    const count = Math.round(burst.count * this.amount);
    const spread = burst.spread ?? Math.PI * 2;
    for (let index = 0; index < count; index++) {
      const angle = (burst.direction ?? 0) + (Math.random() - 0.5) * spread;
      const speed = burst.speed * (0.25 + 0.75 * Math.random());
      const size = burst.size * (0.6 + 0.8 * Math.random());
      this.#add({
        frame: burst.frame,
        x,
        y,
        vx: Math.cos(angle) * speed,
        vy: Math.sin(angle) * speed * 0.84,
        gravity: burst.gravity ?? 0,
        turn: angle,
        spin: burst.gravity === undefined ? 0 : (Math.random() - 0.5) * 9,
        from: size,
        to: burst.gravity === undefined ? 0 : size * 0.7,
        alpha: 1,
        age: 0,
        life: burst.lifeSeconds * (0.5 + 0.5 * Math.random()),
        additive: !burst.frame.startsWith("debris"),
      });
    }
  }

  /** One that grows and fades where it is: a ring, a flash, an afterimage. */
  bloom(
    frame: string,
    x: number,
    y: number,
    bloom: { readonly from: number; readonly to: number; readonly lifeSeconds: number; readonly alpha: number; readonly turn?: number },
  ): void {
    this.#add({
      frame,
      x,
      y,
      vx: 0,
      vy: 0,
      gravity: 0,
      turn: bloom.turn ?? 0,
      spin: 0,
      from: bloom.from,
      to: bloom.to,
      alpha: bloom.alpha * this.flash,
      age: 0,
      life: bloom.lifeSeconds,
      additive: true,
    });
  }

  draw(elapsedSeconds: number): void {
    this.#light.begin();
    this.#solid.begin();
    let kept = 0;
    for (const spark of this.#live) {
      spark.age += elapsedSeconds;
      if (spark.age >= spark.life) continue;
      this.#live[kept++] = spark;
      this.#drawOne(spark, elapsedSeconds);
    }
    this.#live.length = kept;
    this.#light.end();
    this.#solid.end();
  }

  #drawOne(spark: Spark, elapsedSeconds: number): void {
    spark.vy += spark.gravity * elapsedSeconds;
    const drag = spark.gravity === 0 ? Math.exp(-elapsedSeconds * 4) : 1;
    spark.vx *= drag;
    spark.vy *= drag;
    spark.x += spark.vx * elapsedSeconds;
    spark.y += spark.vy * elapsedSeconds;
    spark.turn += spark.spin * elapsedSeconds;
    const part = spark.age / spark.life;
    const eased = 1 - (1 - part) * (1 - part);
    const size = spark.from + (spark.to - spark.from) * eased;
    const stamp = this.#stamp;
    stamp.x = spark.x;
    stamp.y = spark.y;
    // Fast sparks are streaks.
    const streak = spark.additive && spark.spin === 0 ? Math.min(3, Math.hypot(spark.vx, spark.vy) / 130) : 0;
    stamp.scaleX = size * (1 + streak);
    stamp.scaleY = size;
    stamp.rotation = streak > 0 ? Math.atan2(spark.vy, spark.vx) : spark.turn;
    stamp.alpha = spark.alpha * (1 - part * part);
    (spark.additive ? this.#light : this.#solid).stamp(spark.frame, stamp);
  }

  #add(spark: Spark): void {
    if (this.#live.length >= CAPACITY) this.#live.shift();
    this.#live.push(spark);
  }
}
