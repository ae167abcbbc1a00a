import { randomBytes } from "node:crypto";
import type { Log } from "./log-entry.ts";
import { parseNodeText } from "./node-text.ts";
import { NODE_SILENCE_MS } from "./node-watch.ts";
import type { SharedState } from "./shared-state.ts";

/** Names of a node's public keys (RFC 7638): of the one that signs, and of all that it takes. */
export interface NodeKeys {
  readonly signs: string;
  readonly takes: readonly string[];
}

/** What a node says of itself. */
interface NodeWord extends NodeKeys {
  readonly node: string;
  /** When it began, by the clock that all share. */
  readonly sinceMs: number;
}

export interface KeyWatchOptions {
  readonly shared: Pick<SharedState, "bus" | "nodes">;
  readonly keys: () => NodeKeys;
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
    const { shared, keys, handleFailure } = this.#options;
    if (!shared.bus.isUp) return;
    this.#sinceMs ??= shared.bus.nowMs();
    try {
      const word = { sinceMs: this.#sinceMs, ...keys() };
      const said = await shared.nodes.announce(this.#id, JSON.stringify(word), NODE_SILENCE_MS);
      this.#judge({ node: this.#id, ...word }, wordsOf(said, this.#id));
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
    const { sinceMs, signs, takes } = parseNodeText(text) ?? {};
    const isWord = node !== ownId && typeof sinceMs === "number" && typeof signs === "string" && Array.isArray(takes);
    return isWord ? [{ node, sinceMs, signs, takes: takes.map(String) }] : [];
  });
}
