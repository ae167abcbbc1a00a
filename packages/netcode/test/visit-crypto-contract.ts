/** What every `VisitCrypto` promises. */
import * as fc from "fast-check";
import { describe, expect, it } from "vitest";
import { Membership } from "../src/adapters/membership.ts";
import { encodeHex } from "../src/core/base/hex.ts";
import { peerIdOfKey, type VisitCrypto } from "../src/adapters/visit-crypto.ts";

const bytesOf = (text: string): Uint8Array => Uint8Array.from(text.match(/../g) ?? [], (pair) => Number.parseInt(pair, 16));
const text = (word: string): Uint8Array => new TextEncoder().encode(word);

export function describeVisitCrypto(name: string, create: () => Promise<VisitCrypto>, other: () => Promise<VisitCrypto> = create): void {
  describe(`the cryptography of a visit: ${name}`, () => {
    it("[ID2] signs with a key of its own, and takes the signature of exactly these bytes by exactly this key", async () => {
      const [ada, bob] = [await create(), await other()];
      expect([ada.publicKey.length, encodeHex(ada.publicKey) === encodeHex((await create()).publicKey)]).toEqual([32, false]);
      const signature = await ada.sign(text("hello"));
      expect(signature.length).toBe(64);
      expect(await bob.verify(ada.publicKey, text("hello"), signature)).toBe(true);
      expect(await bob.verify(ada.publicKey, text("hellp"), signature)).toBe(false);
      expect(await bob.verify(bob.publicKey, text("hello"), signature)).toBe(false);
      expect(
        await bob.verify(
          ada.publicKey,
          text("hello"),
          signature.map((byte, index) => (index === 40 ? byte ^ 1 : byte)),
        ),
      ).toBe(false);
    });

    it("[ID2] knows the signatures of RFC 8032", async () => {
      const ada = await create();
      const key = bytesOf("3d4017c3e843895a92b70aa74d1b7ebc9c982ccf2ec4968cc0cd55f12af4660c");
      const signature = bytesOf(
        "92a009a9f0d4cab8720e820b5f642540a2b27b5416503f8fb3762223ebdb69da085ac1e43e15996e458f3613d0f11d8c387b2eaeb4302aeeb00d291612bb0c00",
      );
      expect(await ada.verify(key, bytesOf("72"), signature)).toBe(true);
      expect(await ada.verify(key, bytesOf("73"), signature)).toBe(false);
    });

    it("[ID3] nonsense for a key or a signature is not a signature, whatever it is", async () => {
      const ada = await create();
      await fc.assert(
        fc.asyncProperty(fc.uint8Array({ maxLength: 70 }), fc.uint8Array({ maxLength: 70 }), async (key, signature) => {
          expect(await ada.verify(ada.publicKey, text("hello"), signature)).toBe(false);
          expect(await ada.verify(key, text("hello"), await ada.sign(text("hello")))).toBe(false);
        }),
        { numRuns: 20 },
      );
    });

    it("[ID4] an id is the first half of the hash of its key", async () => {
      const crypto = await create();
      expect(encodeHex(await crypto.digest(text("abc")))).toBe("ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
      expect(await peerIdOfKey(crypto, text("abc"))).toBe("ba7816bf8f01cfea414140de5dae2223");
    });

    it("[ID5] what the secret authenticates is the same everywhere, and another secret's or text's is not", async () => {
      const [ada, bob] = [await create(), await other()];
      const secret = Uint8Array.from({ length: 16 }, (_, index) => index);
      const mac = encodeHex(await ada.authenticate(secret, text("hello")));
      expect(mac).toBe("a191ba3108862d42b1baec1786ba05ad81f7d37d6d1d20ecb9dd794d02d7b264");
      expect(encodeHex(await bob.authenticate(secret, text("hello")))).toBe(mac);
      expect(encodeHex(await bob.authenticate(secret, text("hellp")))).not.toBe(mac);
      expect(
        encodeHex(
          await bob.authenticate(
            secret.map((byte) => byte + 1),
            text("hello"),
          ),
        ),
      ).not.toBe(mac);
    });

    it("[ID10] a proof is right for one key, one id and one transcript", async () => {
      const [ada, bob] = [await create(), await other()];
      const [adaId, bobId] = [await peerIdOfKey(ada, ada.publicKey), await peerIdOfKey(bob, bob.publicKey)];
      const keeper = new Membership(bob, undefined);
      const proof = await new Membership(ada, undefined).prove(text("transcript"));
      expect(await keeper.check(adaId, text("transcript"), proof)).toBe("key");
      expect(await keeper.check(adaId, text("another"), proof)).toBe("identity-mismatch");
      expect(await keeper.check(bobId, text("transcript"), proof)).toBe("identity-mismatch");
      expect(await keeper.check(bobId, text("transcript"), { ...proof, key: bob.publicKey })).toBe("identity-mismatch");
    });

    it("[ID11] the invite's secret is told from none and from another, and asked for where the lobby wants it", async () => {
      const [ada, bob] = [await create(), await other()];
      const adaId = await peerIdOfKey(ada, ada.publicKey);
      const secret = new Uint8Array(16).fill(7);
      const invited = { secret, isRequired: false };
      const verdict = async (
        hers: Uint8Array | undefined,
        ours: { secret: Uint8Array; isRequired: boolean } | undefined,
      ): Promise<string> => {
        const proof = await new Membership(ada, hers === undefined ? undefined : { secret: hers, isRequired: false }).prove(text("t"));
        return new Membership(bob, ours).check(adaId, text("t"), proof);
      };
      expect([
        await verdict(secret, invited),
        await verdict(undefined, invited),
        await verdict(secret, undefined),
        await verdict(new Uint8Array(16), invited),
        await verdict(undefined, { secret, isRequired: true }),
        await verdict(secret, { secret, isRequired: true }),
      ]).toEqual(["invite", "key", "key", "identity-mismatch", "not-invited", "invite"]);
    });
  });
}
