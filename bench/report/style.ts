/** How the page looks: in light and dark, on phones, screens and paper. Nothing is expressed by colour alone. */
import { heatRules } from './heat.js';

export const STYLE = `
:root {
  color-scheme: light dark;
  --ground: #ffffff;
  --raised: #f5f7f9;
  --ink: #1b2127;
  --muted: #5c6670;
  --line: #dfe4e9;
  --accent: #0b62b5;
  --first: #2f77c0;
  --second: #d0741c;
  --loss: #c2571a;
  --best: #e3effb;
  --warn-ground: #fff4dc;
  --warn-line: #d99a1c;
  --mono: ui-monospace, "SF Mono", "Cascadia Mono", Menlo, Consolas, "DejaVu Sans Mono", monospace;
}
@media screen and (prefers-color-scheme: dark) {
  :root {
    --ground: #12161b;
    --raised: #1a2027;
    --ink: #e3e8ed;
    --muted: #98a3ae;
    --line: #2c343d;
    --accent: #79b8f5;
    --first: #5a9fe0;
    --second: #e8974a;
    --loss: #ee8f52;
    --best: #17344f;
    --warn-ground: #33280f;
    --warn-line: #b98a2b;
  }
}
* { box-sizing: border-box; }
html { -webkit-text-size-adjust: 100%; text-size-adjust: 100%; scroll-padding-top: 1rem; }
body {
  margin: 0 auto;
  max-width: 66rem;
  padding: 0 1rem 3rem;
  background: var(--ground);
  color: var(--ink);
  font: 16px/1.5 system-ui, "Segoe UI", Roboto, "Helvetica Neue", Arial, sans-serif;
  font-variant-numeric: tabular-nums;
  overflow-wrap: break-word;
}
a { color: var(--accent); }
:focus-visible { outline: 2px solid var(--accent); outline-offset: 2px; }
code { font-family: var(--mono); font-size: 0.9em; unicode-bidi: isolate; }
h1 { margin: 2.5rem 0 0; font-size: 2rem; line-height: 1.2; letter-spacing: -0.015em; }
h2 { margin: 0 0 0.75rem; font-size: 1.3rem; line-height: 1.25; letter-spacing: -0.01em; }
p { margin: 0 0 1rem; max-width: 46rem; }
section { margin-top: 3rem; }
.lead { margin: 0.25rem 0 1.5rem; color: var(--muted); font-size: 1.1rem; }
.note, footer { color: var(--muted); font-size: 0.85rem; }
footer { margin-top: 3.5rem; border-top: 1px solid var(--line); padding-top: 1rem; }
.hidden { position: absolute; width: 1px; height: 1px; overflow: hidden; clip-path: inset(50%); white-space: nowrap; }

header dl { display: grid; grid-template-columns: max-content minmax(0, 1fr); gap: 0.25rem 1.25rem; margin: 0 0 1.5rem; font-size: 0.9rem; }
header dt { color: var(--muted); }
header dd { margin: 0; }
.limit { margin: 0 0 1.5rem; padding: 0.75rem 1rem; border: 1px solid var(--warn-line); border-left-width: 5px; border-radius: 4px; background: var(--warn-ground); max-width: 50rem; }
nav ul { display: flex; flex-wrap: wrap; gap: 0.25rem 1.25rem; margin: 0; padding: 0.6rem 0; list-style: none; border-block: 1px solid var(--line); font-size: 0.9rem; }
nav a { text-decoration: none; }
nav a:hover { text-decoration: underline; }

.scroll { overflow-x: auto; margin: 0 0 1.5rem; }
table { border-collapse: separate; border-spacing: 0; font-size: 0.875rem; line-height: 1.35; }
caption { padding: 0 0 0.5rem; text-align: left; color: var(--muted); }
caption > span { position: sticky; left: 0; display: inline-block; min-width: min(22rem, calc(100vw - 2rem)); max-width: calc(100vw - 2rem); }
caption, figcaption { font-size: 0.85rem; }
caption strong { color: var(--ink); }
th, td { padding: 0.3rem 0.65rem; text-align: right; white-space: nowrap; vertical-align: baseline; }
thead th { border-bottom: 1px solid var(--muted); font-weight: 600; vertical-align: bottom; }
tr > :first-child { position: sticky; left: 0; z-index: 1; background: var(--ground); text-align: left; }
tbody th { font-weight: 400; }
tbody tr + tr > * { border-top: 1px solid var(--line); }
tbody + tbody .group th { padding-top: 1.1rem; }
.group th { font-weight: 600; }
.group th > span { position: sticky; left: 0.65rem; }
small { display: block; color: var(--muted); font-size: 0.78em; font-weight: 400; }
.group small { display: inline; margin-left: 0.6em; }
tbody tr:not(.group):hover > * { background: var(--raised); }
.missing { color: var(--muted); }
.best, tbody tr:not(.group):hover > .best { background: var(--best); }
.best strong, caption strong { font-weight: 700; }
caption .best { padding: 0.05rem 0.25rem; }
tbody tr.paper > * { padding-top: 0; border-top: 0; font-size: 0.8rem; }
.paper > th, .paper > td:not([class^="heat-"]) { color: var(--muted); }
tbody tr.paper > th { padding-left: 1.4rem; }
tr.beside > * { color: var(--muted); font-style: italic; }
.reading { border-left: 3px solid var(--line); padding-left: 0.8rem; }
.down { color: var(--loss); }
.words th, .words td { text-align: left; vertical-align: top; }
.words td { white-space: normal; min-width: 8rem; max-width: 22rem; }
.words .number { min-width: 0; text-align: right; }
.words .wide { min-width: 16rem; max-width: 46rem; }
.hash { font-size: 0.75rem; color: var(--muted); overflow-wrap: anywhere; }
#data-table ~ tbody td { max-width: none; }
#data-table ~ tbody .hash { white-space: nowrap; }

.heat td { text-align: center; padding-inline: 0.35rem; min-width: 4.4rem; }
.heat thead th { text-align: center; }
.heat thead th:first-child { text-align: left; }
.heat td:last-child:not([class^="heat-"]) { text-align: right; }
.heat tbody tr + tr > td { border-top: 2px solid var(--ground); }
.heat td { border-left: 2px solid var(--ground); }
.heat .paper > td { padding-block: 0.1rem; opacity: 0.85; }
.cut { position: relative; }
.cut::after { content: ""; position: absolute; top: 0; right: 0; border: 3px solid; border-color: currentColor currentColor transparent transparent; opacity: 0.75; }
.legend { color: var(--muted); font-size: 0.85rem; }
.scale { display: inline-flex; margin-right: 1rem; font-size: 0.75rem; }
.scale span { padding: 0.1rem 0.6rem; }
.sample { display: inline-block; width: 0.9rem; height: 0.9rem; background: var(--line); vertical-align: -0.1em; }

.charts { display: grid; grid-template-columns: repeat(auto-fill, minmax(min(100%, 19rem), 1fr)); gap: 1.5rem 2rem; margin: 0 0 1.5rem; }
.pair { display: flex; flex-wrap: wrap; gap: 1.5rem 3rem; align-items: flex-start; }
.pair > * { min-width: 0; max-width: 100%; }
.pair > figure { flex: 1 1 22rem; max-width: 30rem; }
figure { margin: 0; }
figcaption { margin-bottom: 0.5rem; color: var(--muted); }
figcaption b { color: var(--ink); font-weight: 600; }
.key { display: inline-block; width: 0.8rem; height: 0.8rem; margin-left: 0.6rem; vertical-align: -0.08em; }
.key:first-child { margin-left: 0; }
.key.first { background: var(--first); }
.key.second { background: var(--second); }
.chart { display: block; width: 100%; max-width: 24rem; height: auto; fill: var(--ink); font: 12px system-ui, "Segoe UI", Roboto, "Helvetica Neue", Arial, sans-serif; font-variant-numeric: tabular-nums; }
.chart text { white-space: pre; }
.bar-first { fill: var(--first); }
.bar-second { fill: var(--second); }
.bar-gain { fill: var(--first); }
.bar-loss { fill: var(--loss); }
.zero { stroke: var(--muted); }
.tick { stroke: var(--ink); stroke-width: 2px; }
.bar-figure, .bar-heading { paint-order: stroke; stroke: var(--ground); stroke-width: 3px; stroke-linejoin: round; }
.reference { stroke: var(--muted); stroke-dasharray: 3 3; }
.reference-name { fill: var(--muted); font-size: 11px; }
.bar-name { font-family: var(--mono); font-size: 11px; }
.bar-heading { fill: var(--muted); font-size: 11.5px; }

details { border-top: 1px solid var(--line); }
details:last-of-type { border-bottom: 1px solid var(--line); }
summary { padding: 0.5rem 0; cursor: pointer; font-weight: 600; }
summary small { display: inline; margin-left: 0.6em; }
.metrics thead tr + tr th:first-child { position: static; text-align: right; }
.metrics .first { border-left: 1px solid var(--line); }

${heatRules('light')}
@media screen and (prefers-color-scheme: dark) {
${heatRules('dark')}
}

@media (max-width: 40rem) {
  h1 { margin-top: 1.5rem; font-size: 1.6rem; }
  header dl { grid-template-columns: minmax(0, 1fr); gap: 0; }
  header dd { margin-bottom: 0.5rem; }
  th, td { padding-inline: 0.45rem; }
}
@page wide { size: landscape; }
@media print {
  body { max-width: none; padding: 0; font-size: 10pt; }
  nav { display: none; }
  .scroll { overflow: visible; }
  caption > span { max-width: none; min-width: 8cm; }
  table { font-size: 7.5pt; }
  th, td { padding: 1pt 3pt; }
  tr > :first-child { position: static; }
  section { margin-top: 18pt; }
  tr, figure, h2, .scores tbody, .heat tbody, .reading { break-inside: avoid; }
  #details { page: wide; }
  .metrics { font-size: 5pt; }
  .metrics th, .metrics td { padding: 1pt 1.5pt; }
  h2, caption { break-after: avoid; }
  [class^="heat-"], .best, .key, .scale span { print-color-adjust: exact; -webkit-print-color-adjust: exact; }
  details::details-content { content-visibility: visible; block-size: auto; }
  .hash { max-width: 20ch; font-size: 6pt; }
}
`;
