import { networkInterfaces } from "node:os";
import { defaultClientConditions, defineConfig, type Connect, type Plugin } from "vite";

/**
 * `PORT`: where the page is served (5173). `BROKER_PORT`: where the broker listens on this machine (9000); the page reaches it through its own
 * origin, so that a phone needs one address only. Both are taken as given: whoever starts the server looks for free ones.
 */
export default defineConfig(() => {
  const broker = { target: `http://127.0.0.1:${process.env["BROKER_PORT"] ?? "9000"}`, ws: true, xfwd: true };
  const server = {
    host: true,
    port: Number(process.env["PORT"] ?? "5173"),
    strictPort: true,
    proxy: { "/lobby": broker, "/peerjs": broker, "/healthz": broker },
    // A phone may come by any name that this machine has.
    allowedHosts: true as const,
  };
  return {
    plugins: [lanHost()],
    resolve: { conditions: ["@rollcall/source", ...defaultClientConditions] },
    server,
    preview: server,
    // Otherwise found while the page runs, which then reloads in the middle of joining.
    optimizeDeps: { include: ["phaser", "uqr", "@rollcall/netcode > peerjs", "@rollcall/netcode > msgpackr"] },
    worker: { format: "es" as const },
    build: {
      outDir: "dist-web",
      target: "es2023",
      sourcemap: true,
      // Phaser alone is above the default limit of 500 kB.
      chunkSizeWarningLimit: 1_600,
      rolldownOptions: { output: { codeSplitting: { groups: [{ name: "phaser", test: /node_modules[\\/]phaser[\\/]/ }] } } },
    },
  };
});

/** Tells a page that was opened as `localhost` this machine's address in the local network: what a phone beside it can open. */
function lanHost(): Plugin {
  const answer: Connect.NextHandleFunction = (_request, response) => {
    const addresses = Object.values(networkInterfaces()).flatMap((list) => list ?? []);
    response.setHeader("content-type", "text/plain");
    response.end(addresses.find((address) => address.family === "IPv4" && !address.internal)?.address ?? "");
  };
  return {
    name: "rubberband-lan-host",
    configureServer: (server) => void server.middlewares.use("/lan-host", answer),
    configurePreviewServer: (server) => void server.middlewares.use("/lan-host", answer),
  };
}
