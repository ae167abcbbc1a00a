/** The page of the lab: enters a lobby, plays, and shows to the tests what they ask for. No looks. */
import { connectionCounts, gatheredTypes, iceErrors, recordDatagrams, recordedDatagrams, selectedPairs, signaled } from "./observer.ts";
import { hostLobby, joinLobby, type IncomingTransfer, type LogEntry, type NetcodeErrorLike } from "@rollcall/netcode";
import { labGame, type LabLobby, type LabMatch } from "./lab-game.ts";
import { Talk, type Heard } from "./talk.ts";
import { note, traceSince } from "./trace.ts";
import { diagnose, type Diagnosis } from "@rollcall/netcode/doctor";

/** Something that happened, and when (Unix time in ms, the same for all pages of the lab). */
export interface LabEvent {
  readonly atMs: number;
  readonly type: string;
  readonly peerId?: string;
  readonly code?: string;
}

export interface LabOptions {
  readonly name: string;
  /** Replaces what the broker hands out. */
  readonly iceServers?: readonly RTCIceServer[];
  /** The host's choice. */
  readonly relayOnly?: boolean;
}

let lobby: LabLobby | undefined;
let match: LabMatch | undefined;
const events: LabEvent[] = [];
let talk: Talk | undefined;
const filesReceived: Uint8Array[] = [];
let statuses = new Map<string, string>();

function tell(type: string, details: { readonly peerId?: string; readonly code?: string } = {}): void {
  events.push({ atMs: performance.timeOrigin + performance.now(), type, ...details });
}

function log({ scope, code, fields }: LogEntry): void {
  note(`log ${scope} ${code} ${JSON.stringify(fields)}`);
}

function enter(entered: LabLobby): void {
  lobby = entered;
  tell("entered");
  entered.on("change", tellPeers);
  entered.on("member-left", ({ peerId }, reason) => tell("member-left", { peerId, code: reason }));
  entered.on("member-gone", ({ peerId }, reason) => tell("member-gone", { peerId, code: reason }));
  entered.on("member-disconnected", ({ peerId }) => tell("member-disconnected", { peerId }));
  entered.on("member-returned", ({ peerId }) => tell("member-returned", { peerId }));
  entered.on("peer-unreachable", ({ peerId }, { code, failure }) => tell("peer-unreachable", { peerId, code: failure?.reason ?? code }));
  entered.on("broker-lost", () => tell("broker-lost"));
  entered.on("broker-back", () => tell("broker-back"));
  entered.on("closed", (error) => tell("closed", error === undefined ? {} : { code: error.code }));
  entered.on("blob", (incoming) => void receive(incoming));
  entered.on("match", play);
  tellPeers();
}

/** What a file of a size holds, the same in every page. */
function bytesOfFile(sizeBytes: number): Uint8Array {
  let random = 1;
  return Uint8Array.from({ length: sizeBytes }, () => (random = Math.imul(random, 48_271) >>> 0) >>> 24);
}

async function receive(incoming: IncomingTransfer): Promise<void> {
  filesReceived.push(await incoming.accept());
}

/** Statuses and paths of links, as they change. */
function tellPeers(): void {
  const shown = new Map((lobby?.peers ?? []).map(({ peerId, status, path }) => [String(peerId), `${status} ${path}`]));
  for (const [peerId, status] of shown) if (statuses.get(peerId) !== status) tell("link", { peerId, code: status });
  statuses = shown;
}

function play(started: LabMatch): void {
  match = started;
  tell("match");
  started.on("suspect", (peerId) => tell("suspect", { peerId }));
  started.on("recovered", (peerId) => tell("recovered", { peerId }));
  started.on("seat-to-bot", ({ peerId, cause }) => tell("seat-to-bot", { peerId, code: cause }));
  started.on("seat-to-player", ({ peerId }) => tell("seat-to-player", { peerId }));
  let asked = 0;
  started.run({ input: () => ({ step: (asked++ % 15) - 7 }) });
}

const lab = {
  events,
  /** Openings of links after something else than an opening, among the events after the first `seen` ones. */
  reopenings: (seen: number): LabEvent[] => {
    const links = events.slice(seen).filter(({ type }) => type === "link");
    const isOpen = ({ code }: LabEvent): boolean => code?.startsWith("open ") === true;
    return links.filter((event, index) => isOpen(event) && links.slice(0, index).some((earlier) => !isOpen(earlier)));
  },
  host: async (options: LabOptions): Promise<string> => {
    enter(await hostLobby({ game: labGame, broker: brokerUrl(), log, ...options }));
    return lobby?.code ?? "";
  },
  join: async (code: string, options: Omit<LabOptions, "relayOnly">): Promise<void> => {
    try {
      enter(await joinLobby(code, { game: labGame, broker: brokerUrl(), log, ...options }));
    } catch (error) {
      throw new Error((error as NetcodeErrorLike).code, { cause: error });
    }
  },
  start: async (): Promise<void> => {
    await lobby?.start();
  },
  diagnose: (iceServers: readonly RTCIceServer[]): Promise<Diagnosis> => diagnose({ broker: brokerUrl(), iceServers }),
  leave: async (): Promise<void> => {
    await lobby?.leave();
  },
  code: () => lobby?.code ?? "",
  peers: () =>
    (lobby?.peers ?? []).map(({ peerId, status, path, rttMs, lossRatio }) => ({ peerId: String(peerId), status, path, rttMs, lossRatio })),
  stats: () => match?.stats(),
  role: () => match?.role,
  checksums: (from: number, to: number): (number | null)[] =>
    Array.from({ length: to - from + 1 }, (_, index) => match?.checksum(from + index) ?? null),
  /** From now on messages leave all the time, and are kept as they come. */
  talk: (): void => {
    if (lobby !== undefined) talk = new Talk(lobby);
  },
  /** How many reliable messages left, once there are no more. */
  stopTalking: (): number => {
    talk?.stop();
    return talk?.said ?? 0;
  },
  heard: (): Heard => talk?.heard ?? { fresh: [], kept: [] },
  traceSince,
  connectionCounts,
  gatheredTypes,
  iceErrors,
  signaled,
  selectedPairs,
  recordDatagrams,
  recordedDatagrams,
  /** Sends a file to everybody else, and resolves with the ms that it took until all had it. */
  sendFile: async (sizeBytes: number): Promise<number> => {
    const file = bytesOfFile(sizeBytes);
    // What making it took must not count.
    await new Promise((resolve) => setTimeout(resolve, 500));
    const startMs = performance.now();
    const transfer = await lobby?.send("all", file, { name: "map" });
    await transfer?.done;
    return performance.now() - startMs;
  },
  /** Sizes of the files that came, each byte as it was sent. */
  filesReceived: (): number[] => {
    const exact = filesReceived.filter((bytes) => {
      const sent = bytesOfFile(bytes.length);
      return bytes.every((byte, index) => byte === sent[index]);
    });
    return exact.map(({ length }) => length);
  },
};

/** The broker is where the page is. */
function brokerUrl(): string {
  return `http://${location.hostname}:9000/`;
}

export type LabHandle = typeof lab;

declare global {
  var lab: LabHandle;
}

globalThis.lab = lab;
