import { describe } from "vitest";
import { testFreshMatches } from "./fresh-matches.ts";

describe("[SI23] 2–8 players keep every promise in thousands of matches with every fault on or off", () => {
  testFreshMatches(1);
});
