import { describe } from "vitest";
import { testFreshMatches } from "./fresh-matches.ts";

describe("[SI23] 2–8 players keep every promise in matches that nobody has played before", () => {
  testFreshMatches(1);
});
