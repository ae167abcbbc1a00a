/** The page of the documentation that explains every code, check and reason. */
const HELP_PAGE = "troubleshooting.md";

/** Where the documentation explains a code (`LOBBY_NOT_FOUND`): `troubleshooting.md#lobby-not-found`. Below whatever place the game serves `docs/guides` at. */
export function helpAnchorOf(code: string): string {
  return `${HELP_PAGE}#${code.toLowerCase().replaceAll("_", "-")}`;
}
