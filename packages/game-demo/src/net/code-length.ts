import { LOBBY_CODE_LENGTH, LOBBY_CODE_LENGTH_MAX } from "@rollcall/netcode/lobby-protocol";

/** Asks the lobby server how many letters its codes have; `undefined`: it does not say. `broker`: where it is; default: the page's own origin. */
export async function askCodeLength(broker: string | undefined): Promise<number | undefined> {
  try {
    const base = (broker ?? location.origin).replace(/^ws/, "http").replace(/\/+$/, "");
    const response = await fetch(`${base}/lobby`);
    const about: unknown = response.ok ? await response.json() : undefined;
    return isAbout(about) ? about.codeLength : undefined;
  } catch {
    return undefined;
  }
}

function isAbout(value: unknown): value is { readonly codeLength: number } {
  if (typeof value !== "object" || value === null || !("codeLength" in value)) return false;
  const { codeLength } = value;
  return typeof codeLength === "number" && codeLength >= LOBBY_CODE_LENGTH && codeLength <= LOBBY_CODE_LENGTH_MAX;
}
