import { createHash } from "node:crypto";
import { html, HtmlText } from "./html-text.ts";
import { HISTORY_SAMPLES } from "./rate-history.ts";

/** A number that is looked at over time. */
export interface AdminFigure {
  readonly label: string;
  /** As it is shown. */
  readonly now: string;
  readonly note: string;
  /** The last ten minutes, oldest first. */
  readonly history: readonly number[];
}

/** A lobby as an operator may see it: no code that opens it, no id, no address. */
export interface AdminLobby {
  /** The beginning of its code. */
  readonly mark: string;
  readonly game: string;
  readonly hostName: string;
  readonly connected: number;
  /** Seats that are taken. */
  readonly players: number;
  readonly capacity: number;
  readonly states: readonly string[];
  readonly ageMs: number;
}

export interface AdminView {
  readonly readiness: string;
  readonly uptimeMs: number;
  readonly figures: readonly AdminFigure[];
  readonly lobbies: readonly AdminLobby[];
  /** Of which somebody is connected here; some of them may be left out of `lobbies`. */
  readonly lobbyCount: number;
  /** The store did not answer: `lobbies` is not all that could be shown. */
  readonly storeFailed: boolean;
  readonly refusals: readonly { readonly reason: string; readonly count: number; readonly lastMinutes: number }[];
  /** UTC, for who looks at a page that does not refresh any more. */
  readonly madeAt: string;
}

const REFRESH_SECONDS = 5;
const STYLE = `
:root { color-scheme: light dark; --ink: #1b1f2a; --soft: #646c80; --line: #e3e6ee; --card: #fff; --back: #f5f6fa; --accent: #3355dd; --good: #137a4b; --bad: #b3261e; }
@media (prefers-color-scheme: dark) {
  :root { --ink: #e8eaf2; --soft: #9aa2b8; --line: #2a3042; --card: #171b28; --back: #0e111b; --accent: #8fa8ff; --good: #5fd39b; --bad: #ff8a80; }
}
* { box-sizing: border-box; }
body { margin: 0 auto; max-width: 72rem; padding: 2rem 1.25rem 3rem; background: var(--back); color: var(--ink); font: 0.9375rem/1.5 system-ui, sans-serif; font-variant-numeric: tabular-nums; }
header { display: flex; flex-wrap: wrap; align-items: baseline; gap: 0.25rem 0.75rem; }
h1 { margin: 0; font-size: 1.25rem; font-weight: 650; }
h2 { margin: 2.25rem 0 0.75rem; font-size: 1rem; font-weight: 650; }
h2 small, header p, .note, .empty, footer { color: var(--soft); font-size: 0.8125rem; font-weight: 400; }
header p { margin: 0; }
.state { padding: 0.125rem 0.625rem; border-radius: 1rem; border: 1px solid currentColor; font-size: 0.8125rem; font-weight: 600; color: var(--bad); }
.state.ready { color: var(--good); }
.figures { display: grid; grid-template-columns: repeat(auto-fill, minmax(min(15rem, 45%), 1fr)); gap: 0.75rem; margin: 1.25rem 0 0; }
.figure, .table { background: var(--card); border: 1px solid var(--line); border-radius: 0.625rem; }
.figure { display: flex; flex-direction: column; padding: 0.75rem 1rem 0; overflow: hidden; }
.figure dt { color: var(--soft); font-size: 0.8125rem; }
.figure dd { margin: 0; font-size: 1.5rem; font-weight: 650; line-height: 1.3; }
.note { display: block; line-height: 1.4; }
svg { display: block; width: calc(100% + 2rem); height: 2.5rem; margin: auto -1rem 0; flex: none; }
.area { fill: var(--accent); fill-opacity: 0.12; }
.edge { fill: none; stroke: var(--accent); stroke-width: 1.5; vector-effect: non-scaling-stroke; }
.table { overflow-x: auto; }
table { width: 100%; border-collapse: collapse; }
th, td { padding: 0.5rem 1rem; text-align: left; white-space: nowrap; }
th { color: var(--soft); font-size: 0.8125rem; font-weight: 500; }
tbody tr { border-top: 1px solid var(--line); }
.number { text-align: right; }
.wide { width: 100%; min-width: 9rem; max-width: 0; overflow: hidden; text-overflow: ellipsis; }
code { font: 0.875rem ui-monospace, monospace; }
.tag { padding: 0.0625rem 0.5rem; border: 1px solid var(--line); border-radius: 1rem; font-size: 0.8125rem; }
.empty { margin: 0; padding: 0.75rem 1rem; }
.failed { color: var(--bad); }
footer { margin-top: 2rem; }
`;

/** The page's own style may be used, and nothing else in the world: no script, no picture, no address. */
export const ADMIN_PAGE_POLICY: string = [
  "default-src 'none'",
  `style-src 'sha256-${createHash("sha256").update(STYLE).digest("base64")}'`,
  "base-uri 'none'",
  "form-action 'none'",
  "frame-ancestors 'none'",
].join("; ");

/** The whole page: plain HTML that asks for itself again. Everything in the view may be hostile text. */
export function renderAdminPage(view: AdminView): string {
  return html`<!doctype html>
    <html lang="en">
      <head>
        <meta charset="utf-8" />
        <meta name="viewport" content="width=device-width, initial-scale=1" />
        <meta http-equiv="refresh" content="${REFRESH_SECONDS}" />
        <title>Rollcall broker: ${view.readiness}</title>
        ${new HtmlText(`<style>${STYLE}</style>`)}
      </head>
      <body>
        <header>
          <h1>Rollcall broker</h1>
          <span class="state ${view.readiness}">${view.readiness}</span>
          <p>up ${duration(view.uptimeMs)}</p>
        </header>
        <dl class="figures">${view.figures.map(figure)}</dl>
        ${lobbyTable(view)} ${refusalTable(view)}
        <footer>${view.madeAt}. Refreshes every ${REFRESH_SECONDS} seconds; the curves are the last ten minutes.</footer>
      </body>
    </html>`.text;
}

function figure({ label, now, note, history }: AdminFigure): HtmlText {
  return html`<div class="figure">
    <dt>${label}</dt>
    <dd>${now}<span class="note">${note}</span></dd>
    ${curve(history)}
  </div>`;
}

const CURVE_WIDTH = 240;
const CURVE_HEIGHT = 40;

/** Time runs to the right edge, whatever is there of the ten minutes. From zero up: a level line lies on the ground only when it is zero. */
function curve(history: readonly number[]): HtmlText {
  const most = Math.max(...history, 0);
  const x = (index: number): string => (CURVE_WIDTH * (1 - (history.length - 1 - index) / HISTORY_SAMPLES)).toFixed(1);
  const y = (value: number): string => (CURVE_HEIGHT - 1 - (most === 0 ? 0 : (value / most) * (CURVE_HEIGHT - 4))).toFixed(1);
  const line = history.map((value, index) => `${x(index)},${y(value)}`).join(" ");
  return html`<svg viewBox="0 0 ${CURVE_WIDTH} ${CURVE_HEIGHT}" preserveAspectRatio="none" aria-hidden="true">
    <polygon class="area" points="${x(0)},${CURVE_HEIGHT} ${line} ${CURVE_WIDTH},${CURVE_HEIGHT}" />
    <polyline class="edge" points="${line}" />
  </svg>`;
}

function lobbyTable({ lobbies, lobbyCount, storeFailed }: AdminView): HtmlText {
  const shown = lobbies.length < lobbyCount ? `${lobbies.length} of ${lobbyCount}` : String(lobbyCount);
  const failed = storeFailed ? html`<p class="empty failed">The store of lobbies does not answer.</p>` : html``;
  const rows = lobbies.map(
    (lobby) =>
      html`<tr>
        <td><code>${lobby.mark}</code></td>
        <td><bdi>${lobby.game}</bdi></td>
        <td class="wide"><bdi>${lobby.hostName}</bdi></td>
        <td class="number">${lobby.connected}</td>
        <td class="number">${lobby.players} of ${lobby.capacity}</td>
        <td>${lobby.states.map((state) => html`<span class="tag">${state}</span> `)}</td>
        <td class="number">${duration(lobby.ageMs)}</td>
      </tr>`,
  );
  const table = html`<table>
    <thead>
      <tr>
        <th>code</th>
        <th>game</th>
        <th>host</th>
        <th class="number">connected</th>
        <th class="number">seats</th>
        <th>state</th>
        <th class="number">age</th>
      </tr>
    </thead>
    <tbody>
      ${rows}
    </tbody>
  </table>`;
  const empty = storeFailed ? html`` : html`<p class="empty">Nobody is in a lobby here.</p>`;
  return html`<h2>Lobbies here <small>${shown}</small></h2>
    <div class="table">${failed}${rows.length === 0 ? empty : table}</div>`;
}

function refusalTable({ refusals }: AdminView): HtmlText {
  const rows = refusals.map(
    ({ reason, count, lastMinutes }) =>
      html`<tr>
        <td class="wide"><code>${reason}</code></td>
        <td class="number">${grouped(lastMinutes)}</td>
        <td class="number">${grouped(count)}</td>
      </tr>`,
  );
  const table = html`<table>
    <thead>
      <tr>
        <th>reason</th>
        <th class="number">last 10 minutes</th>
        <th class="number">since the start</th>
      </tr>
    </thead>
    <tbody>
      ${rows}
    </tbody>
  </table>`;
  return html`<h2>Turned away</h2>
    <div class="table">${rows.length === 0 ? html`<p class="empty">Nobody, yet.</p>` : table}</div>`;
}

/** `1,234`. */
export function grouped(count: number): string {
  return String(Math.round(count)).replaceAll(/\B(?=(\d{3})+$)/g, ",");
}

/** The two largest units: `3 d 4 h`, `12 min`, `40 s`. */
export function duration(ms: number): string {
  const seconds = Math.max(0, Math.floor(ms / 1_000));
  const [days, hours, minutes] = [Math.floor(seconds / 86_400), Math.floor(seconds / 3_600) % 24, Math.floor(seconds / 60) % 60];
  if (days > 0) return `${days} d ${hours} h`;
  if (hours > 0) return `${hours} h ${minutes} min`;
  return minutes > 0 ? `${minutes} min` : `${seconds} s`;
}
