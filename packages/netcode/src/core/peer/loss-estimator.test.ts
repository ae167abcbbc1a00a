import { describe, expect, it } from "vitest";
import { LossEstimator } from "./loss-estimator.ts";

describe("loss", () => {
  it("[PE3] is none while every frame's datagram comes, in any order", () => {
    const loss = new LossEstimator();
    for (let frame = 0; frame < 400; frame += 2) {
      loss.arrived(frame + 1);
      loss.arrived(frame);
    }
    expect(loss.ratio).toBe(0);
  });

  it("[PE3] is the share of frames whose datagram did not come", () => {
    const loss = new LossEstimator();
    for (let frame = 0; frame < 400; frame++) if (frame % 4 !== 0) loss.arrived(frame);
    expect(loss.ratio).toBeCloseTo(0.25, 1);
  });

  it("[PE3] is forgotten a few seconds after it ended", () => {
    const loss = new LossEstimator();
    for (let frame = 0; frame < 200; frame += 2) loss.arrived(frame);
    expect(loss.ratio).toBeGreaterThan(0.4);
    for (let frame = 200; frame < 900; frame++) loss.arrived(frame);
    expect(loss.ratio).toBeLessThan(0.03);
  });

  it("[PE3] is not claimed from repetitions while the peer stands still", () => {
    const loss = new LossEstimator();
    for (let frame = 0; frame < 10; frame++) loss.arrived(frame);
    for (let count = 0; count < 100; count++) loss.arrived(9);
    loss.arrived(11);
    expect(loss.ratio).toBeCloseTo(1 / 12, 5);
  });
});
