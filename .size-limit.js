/** What the library weighs. A limit is a ratchet: raised on purpose, in docs/decisions/0005. */
const GAME = { path: "packages/netcode/dist/index.js", import: "{ hostLobby, joinLobby, defineGame, axis, button }", brotli: true };

/** Leaves out what a page loads only when it enters a lobby, or never. */
const withoutLaterParts = (config) => ({
  ...config,
  plugins: [
    {
      name: "without-later-parts",
      setup: ({ onResolve }) => {
        onResolve({ filter: /.*/ }, ({ kind, path }) => (kind === "dynamic-import" ? { path, external: true } : undefined));
      },
    },
  ],
});

export default [
  { ...GAME, name: "what a page loads before it enters a lobby", modifyEsbuildConfig: withoutLaterParts, limit: "30 kB" },
  { ...GAME, name: "what a game loads in all to host, join and roll back, peerjs and msgpackr included", limit: "93 kB" },
  {
    name: "the core: rollback, link, lobby, without msgpackr",
    path: "packages/netcode/dist/core/index.js",
    import: "{ RollbackSession, LinkMesh, LobbyMember }",
    ignore: ["msgpackr"],
    limit: "36 kB",
    brotli: true,
  },
  {
    name: "exact arithmetic: sin and cos",
    path: "packages/netcode/dist/core/math/index.js",
    import: "{ sin, cos }",
    limit: "1.3 kB",
    brotli: true,
  },
  { name: "exact arithmetic: everything", path: "packages/netcode/dist/core/math/index.js", limit: "5 kB", brotli: true },
];
