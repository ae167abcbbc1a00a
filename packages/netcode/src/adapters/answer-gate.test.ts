import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import type { PeerId } from "../core/base/units.ts";
import { AnswerGate, answerText } from "./answer-gate.ts";

const SEAL = { key: "k", signature: "s" };
const CANDIDATE = { candidate: "candidate:1", sdpMid: "0", sdpMLineIndex: 0 };

/** A description of one end. */
function sdpOf(end: string): string {
  return `v=0\r\na=ice-ufrag:${end}\r\n`;
}

/** A gate with all that it told. What begins with "bad" cannot be used; a check takes a millisecond. */
class Dial {
  readonly given: string[] = [];
  readonly refused: string[] = [];
  readonly early: RTCIceCandidateInit[] = [];
  checks = 0;
  state: RTCSignalingState = "have-local-offer";
  readonly gate: AnswerGate;

  forged = 0;

  constructor({ isStrict = true, isSigned = true } = {}) {
    const state = (): RTCSignalingState => this.state;
    this.gate = new AnswerGate({
      connection: {
        get signalingState() {
          return state();
        },
        setRemoteDescription: async ({ sdp = "" }) => {
          if (sdp.startsWith("bad")) throw new TypeError("not a description");
          this.state = "stable";
        },
      },
      isSealed: isSigned ? (sdp) => this.#check(sdp) : undefined,
      isStrict,
      handleForged: () => this.forged++,
      handleGiven: (sdp) => this.given.push(sdp),
      handleTaken: (early) => this.early.push(...early),
      handleRefused: (reason) => this.refused.push(reason),
    });
  }

  async #check(sdp: string): Promise<boolean> {
    this.checks++;
    await new Promise((resolve) => setTimeout(resolve, 1));
    return sdp.includes("own");
  }
}

beforeEach(() => void vi.useFakeTimers());
afterEach(() => void vi.useRealTimers());

describe("the answers to one offer", () => {
  it("[TR80] the first is taken at once; another one that the peer signed shows that it was made up", async () => {
    const dial = new Dial({ isStrict: false });
    void dial.gate.handle(sdpOf("forged"), SEAL);
    expect(dial.given).toEqual([sdpOf("forged")]);
    for (const seal of [undefined, SEAL]) void dial.gate.handle(`${sdpOf("forged")}a=candidate:1\r\n`, seal);
    void dial.gate.handle(sdpOf("other"), SEAL);
    await vi.advanceTimersByTimeAsync(1_000);
    expect([dial.forged, dial.checks, dial.refused]).toEqual([0, 1, ["unsigned-answer"]]);
    void dial.gate.handle(sdpOf("own"), SEAL);
    await vi.advanceTimersByTimeAsync(1);
    expect([dial.forged, dial.given]).toEqual([1, [sdpOf("forged")]]);
  });

  it("[TR80] an honest one is checked by nobody", async () => {
    const dial = new Dial({ isStrict: false });
    for (const seal of [undefined, SEAL, SEAL]) void dial.gate.handle(sdpOf("own"), seal);
    await vi.advanceTimersByTimeAsync(1_000);
    expect([dial.forged, dial.checks, dial.given, dial.refused]).toEqual([0, 0, [sdpOf("own")], []]);
  });

  it("[TR81] where somebody lied before, the peer's own is taken, however many others came before it", async () => {
    const dial = new Dial();
    void dial.gate.handle(sdpOf("forged"), SEAL);
    void dial.gate.handle(sdpOf("unsigned"), undefined);
    await vi.advanceTimersByTimeAsync(500);
    void dial.gate.handle(sdpOf("own"), SEAL);
    await vi.advanceTimersByTimeAsync(2_000);
    expect([dial.given, dial.refused, dial.gate.answer]).toEqual([[sdpOf("own")], ["unsigned-answer", "unsigned-answer"], sdpOf("own")]);
  });

  it("[TR81] where the peer's own does not come within 0.6 s then, the newest of the others is taken", async () => {
    const dial = new Dial();
    void dial.gate.handle(sdpOf("unsigned"), undefined);
    void dial.gate.handle(sdpOf("forged"), SEAL);
    await vi.advanceTimersByTimeAsync(590);
    expect(dial.given).toEqual([]);
    await vi.advanceTimersByTimeAsync(20);
    expect(dial.given).toEqual([sdpOf("forged")]);
    void dial.gate.handle(sdpOf("own"), SEAL);
    await vi.advanceTimersByTimeAsync(10);
    expect([dial.given, dial.forged]).toEqual([[sdpOf("forged")], 0]);
  });

  it("[TR81] nothing is taken once the attempt is over", async () => {
    const dial = new Dial();
    void dial.gate.handle(sdpOf("unsigned"), undefined);
    void dial.gate.handle(sdpOf("own"), SEAL);
    dial.gate.close();
    await vi.advanceTimersByTimeAsync(2_000);
    expect([dial.given, vi.getTimerCount()]).toEqual([[], 0]);
  });

  it("[TR82] one that cannot be used is refused, and the next one is taken", async () => {
    const dial = new Dial({ isSigned: false });
    void dial.gate.handle("bad", undefined);
    await vi.advanceTimersByTimeAsync(1);
    void dial.gate.handle("first", undefined);
    void dial.gate.handle("second", undefined);
    await vi.advanceTimersByTimeAsync(1);
    expect([dial.given, dial.refused]).toEqual([["bad", "first"], ["bad-description"]]);
  });

  it("[TR83] candidates wait for the answer, at most 64", async () => {
    const dial = new Dial();
    void dial.gate.handle(sdpOf("own"), SEAL);
    for (let index = 0; index < 50; index++) expect(dial.gate.keep([CANDIDATE, CANDIDATE])).toBe(true);
    await vi.advanceTimersByTimeAsync(1);
    expect(dial.early.length).toBe(64);
    expect(dial.gate.keep([CANDIDATE])).toBe(false);
  });

  it("[TR83] of any number of answers four are checked at once", async () => {
    const dial = new Dial();
    for (let index = 0; index < 1_000; index++) void dial.gate.handle(sdpOf(`forged${index}`), SEAL);
    expect(dial.checks).toBe(4);
    await vi.advanceTimersByTimeAsync(1);
    expect(dial.refused.length).toBe(1_000);
    void dial.gate.handle(sdpOf("own"), SEAL);
    await vi.advanceTimersByTimeAsync(1);
    expect(dial.given).toEqual([sdpOf("own")]);
  });

  it("[TR80] what is signed is for one pair, one offer and one description", () => {
    const place = { from: "ada" as PeerId, to: "bob" as PeerId, connectionId: "dc_1" };
    const texts = [
      answerText(place, "v=0"),
      answerText({ ...place, from: place.to, to: place.from }, "v=0"),
      answerText({ ...place, connectionId: "dc_2" }, "v=0"),
      answerText(place, "v=1"),
    ];
    expect(new Set(texts).size).toBe(4);
  });
});
