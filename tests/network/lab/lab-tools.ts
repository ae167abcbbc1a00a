import { spawnSync } from "node:child_process";
import { ensureProgram } from "../../../scripts/install-program.ts";

/** Of Debian's package, what the lab runs. */
const TOOLS = {
  ip: "iproute2",
  tc: "iproute2",
  nft: "nftables",
  turnserver: "coturn",
  openssl: "openssl",
  python3: "python3",
} as const;

/**
 * Makes sure that the lab can run here, or throws with what is missing. It is not left out by itself where it cannot: what it tests would look tested.
 * `ROLLCALL_NETLAB=off`, set by hand, leaves the whole step out (scripts/test.ts).
 */
export function ensureLabTools(): void {
  if (process.platform !== "linux" || process.getuid?.() !== 0) {
    throw new Error("The network lab needs Linux and root (network namespaces). Set ROLLCALL_NETLAB=off to leave it out.");
  }
  for (const [name, debianPackage] of Object.entries(TOOLS)) {
    const setting = `${name.toUpperCase()}_PATH`;
    const wasThere = spawnSync("sh", ["-c", `command -v ${name}`]).status === 0;
    ensureProgram({ names: [name], setting, debianPackage });
    // Debian starts what it installs as a service; the lab only wants the program.
    if (name === "turnserver" && !wasThere) {
      spawnSync("sh", ["-c", "systemctl disable --now coturn || service coturn stop"], { stdio: "ignore" });
    }
  }
  const probe = spawnSync("unshare", ["--net", "true"], { encoding: "utf8" });
  if (probe.status !== 0) {
    throw new Error(
      `The network lab cannot make a network namespace here (${probe.stderr.trim()}). Set ROLLCALL_NETLAB=off to leave it out.`,
    );
  }
}
