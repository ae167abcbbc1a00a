import { randomBytes } from "node:crypto";
import type { Log } from "./log-entry.ts";
import { parseNodeText } from "./node-text.ts";
import { NODE_SILENCE_MS } from "./node-watch.ts";
import type { SharedState } from "./shared-state.ts";

/** Names of a node's keys: of the one that signs, and of all that it takes. Of signing keys those of their public keys (RFC 7638), of ticket secrets their `kid`. */
export interface NodeKeys {
  readonly signs: string;
  readonly takes: readonly string[];
}

/** What a node says of itself. */
interface NodeWord extends NodeKeys {
  readonly node: string;
  /** When it began, by the clock that all share. */
  readonly sinceMs: number;
  /** `null`: it takes no tickets. `undefined`: it does not say so, since it is older. */
  readonly tickets: NodeKeys | null | undefined;
}

export interface KeyWatchOptions {
  readonly shared: Pick<SharedState, "bus" | "nodes">;
  readonly keys: () => NodeKeys;
  /** Of the secrets that tickets are signed with, by somebody else; `undefined`: none. */
  readonly tickets: () => NodeKeys | undefined;
  readonly log: Log;
  readonly handleFailure: (error: unknown) => void;
}

/** `unknown`: nobody has said yet what the others have. `others`: more nodes have other keys than have ours. */
export type KeyVerdict = "unknown" | "ours" | "others";

/** How often a node says which keys it has. At half, twice the commands for what changes once in a month; at double, a wrong key serves for two seconds. */
const BEAT_MS = 1_000;

/**
 * Whether all nodes on one Redis take what each of them signs. Where not, members of one node are strangers at another. The nodes that are fewer give way
 * and take nobody new; of as many, those of which none was first. Nothing of it outlives its nodes: who stops them all may start them with any key.
 * Of ticket secrets it is told alone: a node that has others serves members like the others.
 */
export class KeyWatch {
  readonly #options: KeyWatchOptions;
  /** New with each start: what the process before said is another's, and over soon. */
  readonly #id = randomBytes(9).toString("base64url");
  readonly #timer: NodeJS.Timeout;
  #sinceMs: number | undefined;
  #verdict: KeyVerdict = "unknown";
  /** Nodes with other keys, at the last look. */
  #strangers = 0;
  /** Nodes with other ticket secrets, at the last look. */
  #ticketStrangers = 0;

  constructor(options: KeyWatchOptions) {
    this.#options = options;
    this.#timer = setInterval(() => void this.#look(), BEAT_MS).unref();
    options.shared.bus.onUp(() => void this.#look());
  }

  get verdict(): KeyVerdict {
    return this.#verdict;
  }

  async close(): Promise<void> {
    clearInterval(this.#timer);
    // What could not be taken back is over in a moment.
    await this.#options.shared.nodes.announce(this.#id, "", 0).catch(() => undefined);
  }

  async #look(): Promise<void> {
    const { shared, keys, tickets, handleFailure } = this.#options;
    if (!shared.bus.isUp) return;
    this.#sinceMs ??= shared.bus.nowMs();
    try {
      const word = { sinceMs: this.#sinceMs, ...keys(), tickets: tickets() ?? null };
      const said = await shared.nodes.announce(this.#id, JSON.stringify(word), NODE_SILENCE_MS);
      const others = wordsOf(said, this.#id);
      this.#judge({ node: this.#id, ...word }, others);
      this.#compareTickets(word.tickets, others);
    } catch (error) {
      // The store is away, as a rule: what was known of the others may still be so.
      handleFailure(error);
    }
  }

  #judge(own: NodeWord, others: readonly NodeWord[]): void {
    const { log } = this.#options;
    const strangers = others.filter((other) => !understand(own, other));
    const isFewer = givesWay([own, ...others.filter((other) => understand(own, other))], strangers);
    const verdict = isFewer ? "others" : "ours";
    const isNews = strangers.length !== this.#strangers || (strangers.length > 0 && verdict !== this.#verdict);
    this.#verdict = verdict;
    this.#strangers = strangers.length;
    if (!isNews) return;
    log(
      strangers.length === 0
        ? { event: "keys-agree", nodes: 1 + others.length }
        : { event: "keys-differ", nodes: strangers.length, serves: !isFewer },
    );
  }

  #compareTickets(own: NodeKeys | null, others: readonly NodeWord[]): void {
    const nodes = others.filter(({ tickets }) => tickets !== undefined && !takeTheSame(own, tickets)).length;
    if (nodes === this.#ticketStrangers) return;
    this.#ticketStrangers = nodes;
    this.#options.log(nodes === 0 ? { event: "tickets-agree", nodes: 1 + others.length } : { event: "tickets-differ", nodes });
  }
}

function takeTheSame(one: NodeKeys | null, other: NodeKeys | null): boolean {
  return one === null || other === null ? one === other : understand(one, other);
}

/** What each signs the other takes. */
function understand(one: NodeKeys, other: NodeKeys): boolean {
  return one.takes.includes(other.signs) && other.takes.includes(one.signs);
}

function givesWay(ours: readonly NodeWord[], theirs: readonly NodeWord[]): boolean {
  if (ours.length !== theirs.length) return ours.length < theirs.length;
  const [first] = [...ours, ...theirs].toSorted((left, right) => left.sinceMs - right.sinceMs || (left.node < right.node ? -1 : 1));
  return first !== undefined && theirs.includes(first);
}

function wordsOf(said: ReadonlyMap<string, string>, ownId: string): readonly NodeWord[] {
  return [...said].flatMap(([node, text]) => {
    const { sinceMs, tickets, ...keys } = parseNodeText(text) ?? {};
    const own = node === ownId || typeof sinceMs !== "number" ? undefined : keysOf(keys);
    return own === undefined || typeof sinceMs !== "number"
      ? []
      : [{ node, sinceMs, ...own, tickets: tickets === null ? null : keysOf(tickets) }];
  });
}

function keysOf(value: unknown): NodeKeys | undefined {
  if (typeof value !== "object" || value === null || !("signs" in value) || !("takes" in value)) return undefined;
  const { signs, takes } = value;
  return typeof signs === "string" && Array.isArray(takes) ? { signs, takes: takes.map(String) } : undefined;
}
