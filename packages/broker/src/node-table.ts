/** What each living node says of itself, where all nodes can read it. */
export interface NodeTable {
  /**
   * `node` says `text` for the next `leaseMs`; 0 takes back what it said. Resolves with all that is said in that moment, its own text too, by node. Rejects within a
   * second. A text is at most a few kilobytes.
   */
  announce(node: string, text: string, leaseMs: number): Promise<ReadonlyMap<string, string>>;
}
