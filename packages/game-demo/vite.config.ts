import { networkInterfaces } from "node:os";
import { defaultClientConditions, defineConfig } from "vite";

/**
 * `PORT`: where the page is served (5173). `BROKER_PORT`: where the broker listens on this machine (9000); the page reaches it through its own
 * origin, so that a phone needs one address only. Both are taken as given: whoever starts the server looks for free ones.
 */
export default defineConfig(({ command }) => {
  const broker = { target: `http://127.0.0.1:${process.env["BROKER_PORT"] ?? "9000"}`, ws: true, xfwd: true };
  const proxy = { "/lobby": broker, "/peerjs": broker };
  const server = { host: true, port: Number(process.env["PORT"] ?? "5173"), strictPort: true, proxy };
  return {
    resolve: { conditions: ["@rollcall/source", ...defaultClientConditions] },
    define: { "import.meta.env.VITE_LAN_HOST": JSON.stringify(command === "serve" ? lanHost() : "") },
    server,
    preview: server,
    // Found while the page runs otherwise, which reloads it in the middle of joining.
    optimizeDeps: { include: ["phaser", "peerjs", "msgpackr", "uqr"] },
    worker: { format: "es" as const },
    build: {
      outDir: "dist-web",
      target: "es2023",
      sourcemap: true,
      // Phaser alone is above the default limit of 500 kB.
      chunkSizeWarningLimit: 1_600,
      rolldownOptions: { output: { advancedChunks: { groups: [{ name: "phaser", test: /node_modules[\\/]phaser/ }] } } },
    },
  };
});

/** This machine's first address in a local network: what a phone beside it can open, unlike `localhost`. */
function lanHost(): string {
  const addresses = Object.values(networkInterfaces()).flatMap((list) => list ?? []);
  return addresses.find((address) => address.family === "IPv4" && !address.internal)?.address ?? "";
}
