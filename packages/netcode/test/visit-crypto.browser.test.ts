import { createNobleCrypto } from "../src/adapters/noble-crypto.ts";
import { createVisitCrypto } from "../src/adapters/visit-crypto.ts";
import { describeVisitCrypto } from "./visit-crypto-contract.ts";

describeVisitCrypto("WebCrypto of a browser", () => createVisitCrypto());
describeVisitCrypto(
  "JavaScript in a browser, with WebCrypto at the other end",
  async () => createNobleCrypto(),
  () => createVisitCrypto(),
);
