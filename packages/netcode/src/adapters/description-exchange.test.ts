import { expect, it } from "vitest";
import type { NegotiationReport } from "../core/ports/negotiation.ts";
import { DescriptionExchange } from "./description-exchange.ts";

it("[TR85] another pair of addresses is told once the channels are open, until the end; a browser that tells of none costs nothing", () => {
  const ice = new EventTarget();
  const reports: NegotiationReport[] = [];
  const exchangeOf = (sctp: unknown): DescriptionExchange =>
    new DescriptionExchange(Object.assign(new EventTarget(), { sctp }) as unknown as RTCPeerConnection, {
      isRelayOnly: false,
      report: (report) => reports.push(report),
    });
  const exchange = exchangeOf({ transport: { iceTransport: ice } });
  const move = (): boolean => ice.dispatchEvent(new Event("selectedcandidatepairchange"));
  move();
  expect(reports).toEqual([]);
  exchange.watchPath();
  move();
  expect(reports).toEqual([{ type: "state", state: "rerouted" }]);
  exchange.close();
  move();
  expect(reports).toHaveLength(1);
  for (const sctp of [null, { transport: {} }]) exchangeOf(sctp).watchPath();
});
