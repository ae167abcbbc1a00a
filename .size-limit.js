/** What the library weighs: all that a page has fetched by then, as one file. A limit is a ratchet: raised on purpose, in docs/decisions/0005. */
const DIST = "packages/netcode/dist";
const PAGE = { [`${DIST}/index.js`]: "{ hostLobby, joinLobby, defineGame, axis, button }" };
const LOBBY = { ...PAGE, [`${DIST}/facade/browser-room-parts.js`]: "{ browserRoomParts }" };
const MATCH = { ...LOBBY, [`${DIST}/facade/running-match-parts.js`]: "{ createDesyncDesk, createFollowing }" };

/** Leaves out what `import()` loads: a check names what of that it counts. */
const withoutLaterParts = (config) => ({
  ...config,
  format: "esm",
  plugins: [
    {
      name: "without-later-parts",
      setup: ({ onResolve }) => {
        onResolve({ filter: /.*/ }, ({ kind, path }) => (kind === "dynamic-import" ? { path, external: true } : undefined));
      },
    },
  ],
});
const parts = (imports) => ({ import: imports, modifyEsbuildConfig: withoutLaterParts, brotli: true });

export default [
  { name: "what a page loads before it enters a lobby", ...parts(PAGE), limit: "29.6 kB" },
  { name: "and in all, to host, join, prove who it is and play, peerjs and msgpackr included", ...parts(LOBBY), limit: "110.7 kB" },
  {
    name: "the same without webrtc-adapter",
    ...parts(LOBBY),
    modifyEsbuildConfig: (config) => ({
      ...withoutLaterParts(config),
      alias: { "webrtc-adapter": `${process.cwd()}/tests/snippets/no-webrtc-adapter.js` },
    }),
    limit: "99.4 kB",
  },
  { name: "and three seconds into a match: what follows one and repairs one", ...parts(MATCH), limit: "116.6 kB" },
  {
    name: "everything: files, keys for pages without https, passwords, the log",
    path: `${DIST}/index.js`,
    import: PAGE[`${DIST}/index.js`],
    modifyEsbuildConfig: (config) => ({ ...config, format: "esm" }),
    limit: "140.3 kB",
    brotli: true,
  },
  {
    name: "the core: rollback, link, lobby, without msgpackr",
    path: "packages/netcode/dist/core/index.js",
    import: "{ RollbackSession, LinkMesh, LobbyMember }",
    ignore: ["msgpackr"],
    limit: "43.2 kB",
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
