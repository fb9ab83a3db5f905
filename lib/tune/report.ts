import { writeFileAtomically } from '../atomic-file.js';
import { printable } from '../format.js';
import type { History } from './history.js';
import type { DevScore } from './options.js';
import type { TuneSettings } from './settings.js';

/** What a report is about. */
export interface ReportContent {
  readonly input: string;
  readonly output: string;
  readonly settings: TuneSettings;
  readonly history: History;
  /** The rows that were written. */
  readonly result: { readonly step: number; readonly dev: DevScore | null };
}

/** Writes a page with a picture of the loss and the settings; it needs no other file. @throws LongEmbedError ERR_INVALID_OPTION */
export async function writeReport(path: string, content: ReportContent): Promise<void> {
  await writeFileAtomically(path, reportPage(content));
}

/** The page's HTML. */
export function reportPage({ input, output, settings, history, result }: ReportContent): string {
  const { losses, dev } = history;
  const curves: Curve[] = [
    {
      title: 'Loss',
      lines: [
        { name: 'a step', points: losses.map((loss, i) => [i + 1, loss]), faint: true },
        { name: 'mean of the last steps', points: smoothed(losses) },
        { name: 'held-out pairs', points: dev.map(({ step, loss }) => [step, loss]), dotted: true },
      ],
    },
    ...(dev.length === 0 ? [] : [devCurve(dev)]),
  ];
  const rows: [string, string | number][] = [
    ['model', input],
    ['file', output],
    ['strategy', settings.spec],
    ['native context', settings.nativeContext],
    ['steps', `${losses.length} of ${settings.steps}`],
    [
      'rows written',
      `those after step ${result.step}${result.dev === null ? '' : ', the best on the held-out pairs'}`,
    ],
    ['batch', settings.batch],
    ['learning rate', `${settings.learningRate}, reached after ${settings.warmup} steps`],
    ['temperature', settings.temperature],
    ['weight decay', settings.weightDecay],
    ['seed', settings.seed],
    ['pairs (SHA-256)', settings.pairs],
    ['model (SHA-256)', settings.model],
  ];
  return `<!doctype html>
<html lang="en">
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>longembed tune: ${escaped(output)}</title>
<style>${STYLE}</style>
<h1>${escaped(output)}</h1>
${curves.map(pictureOf).join('\n')}
<table>
${rows.map(([name, value]) => `<tr><th>${name}<td>${escaped(String(value))}`).join('\n')}
</table>
</html>
`;
}

const STYLE = `
:root { color-scheme: light dark; --ink: #1a1a1a; --faint: #9aa5b1; --line: #1f6feb; --other: #c2410c; --paper: #fff }
@media (prefers-color-scheme: dark) { :root { --ink: #e6e6e6; --faint: #5b6672; --line: #6cb0ff; --other: #ff9a62; --paper: #15181c } }
body { font: 15px/1.5 system-ui, sans-serif; max-width: 52rem; margin: 2rem auto; padding: 0 1rem; color: var(--ink); background: var(--paper) }
h1 { font-size: 1.3rem } h2 { font-size: 1rem; margin: 1.5rem 0 0.2rem }
svg { width: 100%; height: auto } svg text { font-size: 12px; fill: var(--ink) }
th { text-align: left; font-weight: normal; padding-right: 1.5rem; vertical-align: top; white-space: nowrap } td { overflow-wrap: anywhere }
`;

interface Line {
  readonly name: string;
  readonly points: readonly (readonly [step: number, value: number])[];
  readonly faint?: boolean;
  readonly dotted?: boolean;
}

interface Curve {
  readonly title: string;
  readonly lines: readonly Line[];
}

function devCurve(dev: readonly DevScore[]): Curve {
  return {
    title: 'Held-out pairs',
    lines: [
      { name: 'mean reciprocal rank', points: dev.map(({ step, reciprocalRank }) => [step, reciprocalRank]) },
      {
        name: 'positive comes first',
        points: dev.map(({ step, accuracy }) => [step, accuracy]),
        dotted: true,
      },
    ],
  };
}

/** The mean of up to a twentieth of all steps before each. */
function smoothed(losses: readonly number[]): [number, number][] {
  const span = Math.max(1, Math.round(losses.length / 20));
  let sum = 0;
  return losses.map((loss, i) => {
    sum += loss - (i >= span ? (losses[i - span] ?? 0) : 0);
    return [i + 1, sum / Math.min(i + 1, span)];
  });
}

const WIDTH = 800;
const HEIGHT = 260;
const MARGIN = { left: 56, right: 12, top: 12, bottom: 30 };
/** Points of a line: more would not be seen. */
const MAX_POINTS = 1000;

function pictureOf({ title, lines }: Curve): string {
  const shown = lines.filter(({ points }) => points.length > 0);
  const all = shown.flatMap(({ points }) => [...points]);
  if (all.length === 0) return '';
  const [minX, maxX] = rangeOf(all.map(([x]) => x));
  const [minY, maxY] = rangeOf(all.map(([, y]) => y));
  const x = (step: number): number =>
    MARGIN.left + ((step - minX) / (maxX - minX)) * (WIDTH - MARGIN.left - MARGIN.right);
  const y = (value: number): number =>
    HEIGHT - MARGIN.bottom - ((value - minY) / (maxY - minY)) * (HEIGHT - MARGIN.top - MARGIN.bottom);
  const ticks = [0, 0.25, 0.5, 0.75, 1].map((part) => minY + part * (maxY - minY));
  const grid = ticks.map(
    (value) =>
      `<path d="M${MARGIN.left} ${y(value).toFixed(1)}H${WIDTH - MARGIN.right}" stroke="var(--faint)" stroke-width="0.4"/>` +
      `<text x="${MARGIN.left - 6}" y="${(y(value) + 4).toFixed(1)}" text-anchor="end">${Number(value.toPrecision(3))}</text>`,
  );
  const paths = shown.map((line) => {
    const color =
      line.faint === true ? 'var(--faint)' : line.dotted === true ? 'var(--other)' : 'var(--line)';
    const points = thinned(line.points).map(
      ([step, value]) => `${x(step).toFixed(1)} ${y(value).toFixed(1)}`,
    );
    return `<path d="M${points.join('L')}" fill="none" stroke="${color}" stroke-width="${line.faint === true ? 0.7 : 1.8}"><title>${line.name}</title></path>`;
  });
  const names = shown.map(
    ({ name, faint, dotted }) =>
      `<span style="color:${faint === true ? 'var(--faint)' : dotted === true ? 'var(--other)' : 'var(--line)'}">${name}</span>`,
  );
  return `<h2>${title}: ${names.join(', ')}</h2>
<svg viewBox="0 0 ${WIDTH} ${HEIGHT}" role="img" aria-label="${title} by step">${grid.join('')}${paths.join('')}
<text x="${MARGIN.left}" y="${HEIGHT - 8}">step ${minX}</text><text x="${WIDTH - MARGIN.right}" y="${HEIGHT - 8}" text-anchor="end">${maxX}</text></svg>`;
}

/** The lowest and the highest value, apart also where all are equal. */
function rangeOf(values: readonly number[]): [number, number] {
  const low = values.reduce((min, value) => Math.min(min, value), Infinity);
  const high = values.reduce((max, value) => Math.max(max, value), -Infinity);
  return low === high ? [low - 0.5, high + 0.5] : [low, high];
}

function thinned<T>(points: readonly T[]): T[] {
  const every = Math.ceil(points.length / MAX_POINTS);
  return points.filter((_point, i) => i % every === 0 || i === points.length - 1);
}

function escaped(text: string): string {
  return printable(text).replace(/[&<>"]/g, (letter) => `&#${letter.charCodeAt(0)};`);
}
