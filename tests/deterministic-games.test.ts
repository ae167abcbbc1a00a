/** The samples of the guide: they are the files that the compiler sees, the test among them runs here, and a page for players has nothing of the guard. */
import { readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { expect, test } from "vitest";
import { build } from "vite";

// The guide's own test.
import "./snippets/exact-game-test.ts";

const SNIPPETS = fileURLToPath(new URL("./snippets", import.meta.url));
const GUIDE = readFileSync(new URL("../docs/guides/deterministic-games.md", import.meta.url), "utf8");

test("[DT30] every sample of the guide is a file that is compiled", () => {
  const samples = [...GUIDE.matchAll(/^```ts\n([\s\S]*?)^```$/gm)].map((match) => match[1]);
  const files = ["exact-game.ts", "exact-game-test.ts"].map((name) => readFileSync(`${SNIPPETS}/${name}`, "utf8"));
  expect(samples).toEqual(files);
});

test("[DT14] a build for players that guards its game in development only has nothing of the guard, and of the arithmetic only what it calls", async () => {
  const code = await bundle("production");
  expect(code.includes("orbit")).toBe(true);
  expect(/DeterminismError|localeCompare|hrtime/.test(code)).toBe(false);
  // Constants of the series of sin, and of pow, which nobody called.
  expect(code.includes(".16666666666666632")).toBe(true);
  expect(code.includes(".5849624872207642")).toBe(false);
  expect((await bundle("development")).includes("DeterminismError")).toBe(true);
});

async function bundle(mode: "development" | "production"): Promise<string> {
  const built = await build({
    configFile: false,
    logLevel: "error",
    mode,
    define: { "import.meta.env.DEV": String(mode === "development") },
    resolve: { conditions: ["@rollcall/source", "module", "browser", "import", "default"] },
    build: {
      write: false,
      minify: false,
      target: "es2022",
      lib: { entry: `${SNIPPETS}/exact-game.ts`, formats: ["es"] },
      rollupOptions: { external: ["peerjs", /^msgpackr/] },
    },
  });
  const [output] = Array.isArray(built) ? built : [built];
  expect(output).toHaveProperty("output");
  return output !== undefined && "output" in output ? output.output.map((part) => ("code" in part ? part.code : "")).join("\n") : "";
}
