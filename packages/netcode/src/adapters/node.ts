import { createPeerConnectionConstructor } from "./node-peer-connection.ts";
import { PeerTransport } from "./peer-transport.ts";
import type { SignalingOptions } from "./signaling-options.ts";
import type { PeerConstructor } from "./signaling-peer.ts";

/** A package that only Node peers need is not installed. Stable `code`; the message says what to install. */
export class MissingPackageError extends Error {
  override readonly name = "MissingPackageError";
  readonly code = "MISSING_PACKAGE";
  readonly packageName: string;

  constructor(packageName: string, cause: unknown) {
    super(
      `A Node peer needs the package ${packageName}, which could not be loaded. Install it beside @rollcall/netcode: npm install ${packageName}`,
      { cause },
    );
    this.packageName = packageName;
  }
}

/** `node-datachannel` cannot restart ICE (`restartIce` throws) and has no tracks. */
class NodeTransport extends PeerTransport {
  override readonly capabilities: number = 0;
}

let packages: Promise<(options: SignalingOptions) => PeerTransport> | undefined;

/**
 * Loads what only Node peers need: PeerJS on `node-datachannel` and `ws`. Puts the WebRTC constructors and `WebSocket` on `globalThis` where they are missing,
 * since PeerJS looks for them there. Resolves with the way to make a transport; rejects with a `MissingPackageError`.
 */
export function loadNodePackages(): Promise<(options: SignalingOptions) => PeerTransport> {
  packages ??= loadPeer().then(
    (peer) => (options) => new NodeTransport(peer, options),
    (error: unknown) => {
      // Whoever installs what is missing may try again.
      packages = undefined;
      throw error;
    },
  );
  return packages;
}

async function loadPeer(): Promise<PeerConstructor> {
  const [webrtc, { WebSocket }] = await Promise.all([
    load("node-datachannel", () => import("node-datachannel/polyfill")),
    load("ws", () => import("ws")),
  ]);
  const { RTCSessionDescription, RTCIceCandidate, RTCDataChannel } = webrtc;
  const RTCPeerConnection = createPeerConnectionConstructor(webrtc);
  provide({ RTCPeerConnection, RTCSessionDescription, RTCIceCandidate, RTCDataChannel });
  provide({
    /** PeerJS listens for `close` only; an `error` that nobody listens for would end the process. */
    WebSocket: class extends WebSocket {
      constructor(address: string) {
        super(address);
        this.on("error", () => {});
      }
    },
  });
  // After the globals: PeerJS tries them while it loads. It is CommonJS to Node, where the names may be on `default`.
  const peerjs: PeerModule & { readonly default?: PeerModule } = await import("peerjs");
  const { Peer } = peerjs.Peer === undefined ? (peerjs.default ?? {}) : peerjs;
  if (Peer === undefined) throw new MissingPackageError("peerjs", undefined);
  return Peer;
}

interface PeerModule {
  readonly Peer?: PeerConstructor;
}

async function load<Module>(packageName: string, importModule: () => Promise<Module>): Promise<Module> {
  try {
    return await importModule();
  } catch (error) {
    throw new MissingPackageError(packageName, error);
  }
}

/** Puts what is missing on `globalThis`. */
function provide(globals: Readonly<Record<string, unknown>>): void {
  for (const [name, value] of Object.entries(globals)) {
    if (!(name in globalThis)) Object.defineProperty(globalThis, name, { value, configurable: true, writable: true });
  }
}
