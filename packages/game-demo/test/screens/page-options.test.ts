import { describe, expect, test } from "vitest";
import { inviteLink, readPageOptions } from "../../src/net/page-options.ts";

describe("[SC3] the address says what to do", () => {
  test.each([
    ["http://localhost:5173/", { broker: undefined, name: undefined, fx: undefined, code: undefined, invite: undefined }],
    ["http://localhost:5173/#j=KXRTM", { broker: undefined, name: undefined, fx: undefined, code: "KXRTM", invite: undefined }],
    ["http://localhost:5173/?name=Ada&fx=off#j=kxr-tm", { broker: undefined, name: "Ada", fx: "off", code: "KXRTM", invite: undefined }],
    [
      "http://localhost:5173/?broker=https://b.example/&fx=ultra",
      { broker: "https://b.example/", name: undefined, fx: undefined, code: undefined, invite: undefined },
    ],
    [
      "http://localhost:5173/?broker=javascript:alert(1)&name=%20#j=KX",
      { broker: undefined, name: undefined, fx: undefined, code: undefined, invite: undefined },
    ],
    [
      `http://localhost:5173/#j=kxrtm.${"aB-_5678".repeat(3).slice(1)}`,
      { broker: undefined, name: undefined, fx: undefined, code: "KXRTM", invite: `KXRTM.${"aB-_5678".repeat(3).slice(1)}` },
    ],
    ["http://localhost:5173/#j=kxrtmbcd", { broker: undefined, name: undefined, fx: undefined, code: "KXRTMBCD", invite: undefined }],
    [
      `http://localhost:5173/#j=KXRTMB~${"r".repeat(32)}`,
      { broker: undefined, name: undefined, fx: undefined, code: "KXRTMB", invite: `KXRTMB~${"r".repeat(32)}` },
    ],
    ["http://localhost:5173/#KXRTM", { broker: undefined, name: undefined, fx: undefined, code: undefined, invite: undefined }],
  ])("%s", (address, options) => {
    expect(readPageOptions(new URL(address))).toEqual(options);
  });
});

describe("[SC4] the invite link brings others to the same lobby", () => {
  test("it keeps the broker and drops what is personal", () => {
    const address = new URL("https://play.example/band/?name=Ada&fx=off&broker=https%3A%2F%2Fb.example%2F#j=OLD");
    const link = inviteLink(address, "KXRTM", undefined);
    expect(link).toBe("https://play.example/band/?broker=https%3A%2F%2Fb.example%2F#j=KXRTM");
    expect(readPageOptions(new URL(link))).toEqual({
      broker: "https://b.example/",
      name: undefined,
      fx: undefined,
      code: "KXRTM",
      invite: undefined,
    });
  });

  test("opened as localhost it names the computer's own address, which a phone can open", () => {
    expect(inviteLink(new URL("http://localhost:5173/"), "KXRTM", "192.168.1.7")).toBe("http://192.168.1.7:5173/#j=KXRTM");
    expect(inviteLink(new URL("http://127.0.0.1:5173/"), "KXRTM", undefined)).toBe("http://127.0.0.1:5173/#j=KXRTM");
    expect(inviteLink(new URL("http://10.0.0.2:5173/"), "KXRTM", "192.168.1.7")).toBe("http://10.0.0.2:5173/#j=KXRTM");
  });

  test("[SC50] with the secret of the invite, where the lobby has one", () => {
    const invite = `KXRTM.${"A".repeat(23)}`;
    const link = inviteLink(new URL("https://play.example/"), invite, undefined);
    expect(link).toBe(`https://play.example/#j=${invite}`);
    expect(readPageOptions(new URL(link))).toMatchObject({ code: "KXRTM", invite });
  });
});
