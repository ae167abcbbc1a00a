/** What the library weighs. A limit is a ratchet: raised on purpose, in docs/decisions/0005. */
const GAME = { path: "packages/netcode/dist/index.js", import: "{ hostLobby, joinLobby, defineGame, axis, button }", brotli: true };

/** Leaves out what is loaded later than the rest: `isLater` decides by the specifier of an `import()`. */
const without = (isLater) => (config) => ({
  ...config,
  plugins: [
    {
      name: "without-later-parts",
      setup: ({ onResolve }) => {
        onResolve({ filter: /.*/ }, ({ kind, path }) =>
          kind === "dynamic-import" && isLater(path) ? { path, external: true } : undefined,
        );
      },
    },
  ],
});

/** What most matches never load. */
const SELDOM = /noble-crypto|file-exchange|following|desync-desk|lobby-log/;

export default [
  { ...GAME, name: "what a page loads before it enters a lobby", modifyEsbuildConfig: without(() => true), limit: "28.8 kB" },
  {
    ...GAME,
    name: "and in all, to host, join, prove who it is and play, peerjs and msgpackr included",
    modifyEsbuildConfig: without((path) => SELDOM.test(path)),
    limit: "111 kB",
  },
  { ...GAME, name: "everything: files, keys for pages without https, following, desyncs", limit: "136.4 kB" },
  {
    name: "the core: rollback, link, lobby, without msgpackr",
    path: "packages/netcode/dist/core/index.js",
    import: "{ RollbackSession, LinkMesh, LobbyMember }",
    ignore: ["msgpackr"],
    limit: "42.6 kB",
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
