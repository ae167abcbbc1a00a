/** Who has a thing now. */
export interface Claim {
  readonly owner: string;
  /** Fencing token: whoever comes later has a higher one, also when the claim before was over or lost. */
  readonly token: number;
  /** Since when, by the store's clock. */
  readonly ageMs: number;
}

/** `isNew`: it was not the owner's already. */
export type ClaimAnswer =
  | { readonly ok: true; readonly token: number; readonly isNew: boolean }
  | { readonly ok: false; readonly holder: Claim };

export interface ClaimWish {
  readonly owner: string;
  /** The claim is over this long after it was last taken or renewed. */
  readonly leaseMs: number;
  /** Whose place may be taken: another owner's of exactly this token, or anybody's. The same owner's always. */
  readonly over?: number | "anybody";
}

/**
 * Says who has a thing, among all nodes: one owner at a time, each with a fencing token. A claim ends by its lease, by `release`, or when it is taken
 * over. Keys and owners are printable ASCII without spaces or braces.
 */
export interface ClaimStore {
  take(key: string, wish: ClaimWish): Promise<ClaimAnswer>;
  /** Makes the lease new; false: somebody else has the thing by now. A claim that was lost without anybody having it is taken again. */
  renew(key: string, claim: { readonly owner: string; readonly token: number; readonly leaseMs: number }): Promise<boolean>;
  /** Ends the claim of this token, if it is the one that holds. */
  release(key: string, token: number): Promise<void>;
  find(key: string): Promise<Claim | undefined>;
}
