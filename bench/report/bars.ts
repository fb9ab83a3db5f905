/**
 * Horizontal bars as an SVG in the page, each with its name before it and its figure after it: readable on a phone and
 * without colours. The page's style sheet gives colours and fonts.
 */
import { html, type Html } from './html.js';

/** Meaning of a bar's colour; style.ts defines the colours. */
export type Tone = 'plain' | 'first' | 'second' | 'gain' | 'loss';

export interface Bar {
  readonly name: string;
  readonly value: number;
  /** The figure as text. */
  readonly figure: string;
  readonly tone: Tone;
  /** Another value to compare with: a tick across the bar. */
  readonly mark?: number | null;
  /** Opacity of the colour, 0 to 1. */
  readonly strength?: number;
}

/** Bars under a heading; null: only a small gap. */
export interface Group {
  readonly heading: string | null;
  readonly bars: readonly Bar[];
}

export interface Bars {
  /** Unique in the page. */
  readonly id: string;
  /** Title and description for people who cannot see the picture. */
  readonly title: string;
  readonly description: string;
  readonly groups: readonly Group[];
  /** The values at the picture's edges, equal in pictures that are to be compared. Contains 0. */
  readonly domain: readonly [min: number, max: number];
  /** A line at a value that all bars are compared with. */
  readonly reference?: { readonly value: number; readonly name: string } | null;
}

/** In pixels, as all lengths here. */
const WIDTH = 360;
const ROW_HEIGHT = 21;
const GROUP_GAP = 9;
const REFERENCE_HEIGHT = 18;
const NAME_GAP = 8;
const FIGURE_GAP = 5;
/** Width of a character of the names and of the figures. Text cannot be measured here. */
const NAME_CHARACTER = 6.7;
const FIGURE_CHARACTER = 6.3;
const MAX_NAME_LENGTH = 20;

interface Row {
  readonly top: number;
  readonly bar: Bar;
}

/** Draws bars; domain values map linearly to pixels between the names and the space for the longest figure. */
export function drawBars({ id, title, description, groups, domain, reference = null }: Bars): Html {
  const { rows, headings, height } = layOut(groups, reference === null ? 2 : REFERENCE_HEIGHT);
  const nameWidth = Math.max(...rows.map(({ bar }) => shortened(bar.name).length)) * NAME_CHARACTER;
  const figureWidth =
    2 * FIGURE_GAP + FIGURE_CHARACTER * Math.max(...rows.map(({ bar }) => bar.figure.length));
  const left = Math.ceil(NAME_GAP + nameWidth);
  const begin = left + (domain[0] < 0 ? figureWidth : 1);
  const perPixel = (domain[1] - domain[0]) / (WIDTH - figureWidth - begin);
  const x = (value: number): number => begin + (value - domain[0]) / perPixel;
  const gains = rows.filter(({ bar }) => bar.value >= 0);
  const losses = rows.filter(({ bar }) => bar.value < 0);
  const tones = [...new Set(rows.map(({ bar }) => bar.tone))];
  const ticks = rows.flatMap(({ top, bar: { mark } }) =>
    mark === undefined || mark === null ? [] : line(x(mark), top + 1, top + ROW_HEIGHT - 1),
  );
  const figures = (of: readonly Row[], gap: number): Html[] =>
    of.map(({ top, bar }) => text(x(figureEnd(bar, figureWidth * perPixel)) + gap, middle(top), bar.figure));
  const marks = [
    ...tones.map((tone) =>
      group(
        `bar-${tone}`,
        rows.filter(({ bar }) => bar.tone === tone).map((row) => rect(row, x)),
      ),
    ),
    group('zero', [line(x(0), 0, height)]),
    group('tick', ticks),
    ...(reference === null
      ? []
      : [
          group('reference', [line(x(reference.value), REFERENCE_HEIGHT - 3, height)]),
          group('reference-name', [text(x(reference.value), REFERENCE_HEIGHT / 2 - 1, reference.name)]),
        ]),
    group(
      'bar-name',
      rows.map(({ top, bar }) => text(left - NAME_GAP, middle(top), shortened(bar.name))),
      'end',
    ),
    group('bar-figure', figures(gains, FIGURE_GAP), 'start'),
    group('bar-figure', figures(losses, -FIGURE_GAP), 'end'),
    group(
      'bar-heading',
      headings.map((heading) => text(0, middle(heading.top), heading.text)),
      'start',
    ),
  ];
  return html`<svg
    id="${id}"
    class="chart"
    role="img"
    aria-labelledby="${id}-title ${id}-text"
    viewBox="0 0 ${WIDTH} ${height}"
    width="${WIDTH}"
    height="${height}"
    text-anchor="middle"
  >
    <title id="${id}-title">${title}</title>
    <desc id="${id}-text">${description}</desc>
    ${marks}
  </svg> `;
}

/** Marks of one kind. */
function group(className: string, marks: readonly Html[], anchor: string | null = null): Html | null {
  if (marks.length === 0) return null;
  const anchored = anchor === null ? null : html` text-anchor="${anchor}"`;
  return html`<g class="${className}" ${anchored}>${marks}</g>`;
}

function rect({ top, bar: { value, strength = 1 } }: Row, x: (value: number) => number): Html {
  const [begin, end] = value < 0 ? [x(value), x(0)] : [x(0), x(value)];
  return html`<rect
    x="${round(begin)}"
    y="${top + 3}"
    width="${round(end - begin)}"
    height="${ROW_HEIGHT - 6}"
    fill-opacity="${strength}"
  />`;
}

function line(x: number, y1: number, y2: number): Html {
  return html`<line x1="${round(x)}" x2="${round(x)}" y1="${y1}" y2="${y2}" />`;
}

function text(x: number, y: number, content: string): Html {
  return html`<text transform="translate(${round(x)},${round(y)})" y="0.32em">${content}</text>`;
}

function middle(top: number): number {
  return top + ROW_HEIGHT / 2;
}

/** Rounds to a hundredth of a pixel. */
function round(length: number): number {
  return Math.round(length * 100) / 100;
}

/**
 * Where a bar's figure begins: after the bar, or after the tick if the tick would lie in the figure.
 * @param figureWidth in the unit of the values
 */
function figureEnd({ value, mark }: Bar, figureWidth: number): number {
  const beyond = mark === undefined || mark === null ? 0 : value < 0 ? value - mark : mark - value;
  return beyond > 0 && beyond < figureWidth ? (mark ?? value) : value;
}

/** Stacks headings and bars from the top. */
function layOut(
  groups: readonly Group[],
  begin: number,
): { rows: Row[]; headings: { top: number; text: string }[]; height: number } {
  const rows: Row[] = [];
  const headings: { top: number; text: string }[] = [];
  let top = begin;
  for (const [i, { heading, bars }] of groups.entries()) {
    if (i > 0) top += GROUP_GAP;
    if (heading !== null) {
      headings.push({ top, text: heading });
      top += ROW_HEIGHT;
    }
    for (const bar of bars) {
      rows.push({ top, bar });
      top += ROW_HEIGHT;
    }
  }
  return { rows, headings, height: top + 2 };
}

/** Cuts long names in the middle; the table beside the picture has the full names. */
function shortened(name: string): string {
  if (name.length <= MAX_NAME_LENGTH) return name;
  return `${name.slice(0, MAX_NAME_LENGTH - 8)}…${name.slice(-7)}`;
}
