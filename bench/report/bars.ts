/** Bars that lie, each with its name before it and its figure behind it: readable on a telephone, and without colours. */
import * as Plot from '@observablehq/plot';
import type { Html } from './html.js';
import { drawSvg, type Picture } from './plot.js';

/** What a bar's colour stands for; style.ts has the colours. */
export type Tone = 'plain' | 'first' | 'second' | 'gain' | 'loss';

export interface Bar {
  readonly name: string;
  readonly value: number;
  /** The figure, as text. */
  readonly figure: string;
  readonly tone: Tone;
  /** Another value to compare with: a tick in the bar's row. */
  readonly mark?: number | null;
  /** 0 to 1: how strong the colour is. */
  readonly strength?: number;
}

/** Bars under a heading; null: none, only a little space above. */
export interface Group {
  readonly heading: string | null;
  readonly bars: readonly Bar[];
}

export interface Bars extends Picture {
  readonly groups: readonly Group[];
  /** The values at the picture's edges: the same in pictures that are to be compared. Holds 0. */
  readonly domain: readonly [least: number, most: number];
  /** A line at a value that all bars are compared with. */
  readonly reference?: { readonly value: number; readonly name: string } | null;
}

const WIDTH = 360;
/** Heights in pixels. */
const ROW = 21;
const GAP = 9;
const REFERENCE_NAME = 18;
/** Pixels a character takes in the names' font, and in the figures'. Nothing measures text here. */
const NAME_CHARACTER = 6.7;
const FIGURE_CHARACTER = 6.3;
const LONGEST_NAME = 20;

interface Row {
  readonly top: number;
  readonly bar: Bar;
}

export function drawBars({ groups, domain, reference = null, ...picture }: Bars): Html {
  const { rows, headings, height } = layOut(groups, reference === null ? 2 : REFERENCE_NAME);
  const names = rows.map(({ bar }) => short(bar.name).length);
  const figure = 10 + FIGURE_CHARACTER * Math.max(...rows.map(({ bar }) => bar.figure.length));
  const left = Math.ceil(8 + NAME_CHARACTER * Math.max(...names));
  const middle = ({ top }: Row): number => top + ROW / 2;
  const range = [left + (domain[0] < 0 ? figure : 1), WIDTH - figure] as const;
  const perPixel = (domain[1] - domain[0]) / (range[1] - range[0]);
  const end = ({ bar }: Row): number => endOf(bar, figure * perPixel);
  const losses = rows.filter(({ bar }) => bar.value < 0);
  const others = rows.filter(({ bar }) => bar.value >= 0);
  return drawSvg(picture, {
    width: WIDTH,
    height,
    marginTop: 0,
    marginBottom: 0,
    marginLeft: left,
    marginRight: 0,
    x: {
      axis: null,
      domain: [...domain],
      range: [...range],
    },
    y: { axis: null, domain: [0, height], range: [0, height] },
    marks: [
      ...tones(rows).map((tone) =>
        Plot.rect(
          rows.filter(({ bar }) => bar.tone === tone),
          {
            x1: 0,
            x2: ({ bar }: Row) => bar.value,
            y1: ({ top }: Row) => top + 3,
            y2: ({ top }: Row) => top + ROW - 3,
            fillOpacity: ({ bar }: Row) => bar.strength ?? 1,
            className: `bar-${tone}`,
          },
        ),
      ),
      Plot.ruleX([0], { className: 'zero' }),
      Plot.ruleX(
        rows.filter(({ bar }) => (bar.mark ?? null) !== null),
        {
          x: ({ bar }: Row) => bar.mark,
          y1: ({ top }: Row) => top + 1,
          y2: ({ top }: Row) => top + ROW - 1,
          className: 'tick',
        },
      ),
      ...(reference === null ? [] : referenceMarks(reference, height)),
      Plot.text(rows, {
        frameAnchor: 'left',
        y: middle,
        text: ({ bar }: Row) => short(bar.name),
        textAnchor: 'end',
        dx: -8,
        className: 'bar-name',
      }),
      Plot.text(others, {
        x: end,
        y: middle,
        text: ({ bar }: Row) => bar.figure,
        textAnchor: 'start',
        dx: 5,
        className: 'bar-figure',
      }),
      Plot.text(losses, {
        x: end,
        y: middle,
        text: ({ bar }: Row) => bar.figure,
        textAnchor: 'end',
        dx: -5,
        className: 'bar-figure',
      }),
      Plot.text(headings, {
        frameAnchor: 'left',
        y: 'middle',
        text: 'text',
        textAnchor: 'start',
        dx: -left,
        className: 'bar-heading',
      }),
    ],
  });
}

/** Where a bar's figure stands: behind the bar, or behind the tick where that would lie in the figure, `room` wide. */
function endOf({ value, mark }: Bar, room: number): number {
  const beyond = mark === undefined || mark === null ? 0 : value < 0 ? value - mark : mark - value;
  return beyond > 0 && beyond < room ? (mark ?? value) : value;
}

/** Where everything lies, from the top. */
function layOut(
  groups: readonly Group[],
  from: number,
): { rows: Row[]; headings: { middle: number; text: string }[]; height: number } {
  const rows: Row[] = [];
  const headings: { middle: number; text: string }[] = [];
  let top = from;
  for (const [i, { heading, bars }] of groups.entries()) {
    if (i > 0) top += GAP;
    if (heading !== null) {
      headings.push({ middle: top + ROW / 2, text: heading });
      top += ROW;
    }
    for (const bar of bars) {
      rows.push({ top, bar });
      top += ROW;
    }
  }
  return { rows, headings, height: top + 2 };
}

function tones(rows: readonly Row[]): Tone[] {
  return [...new Set(rows.map(({ bar }) => bar.tone))];
}

function referenceMarks({ value, name }: { value: number; name: string }, height: number): Plot.Markish[] {
  return [
    Plot.ruleX([value], { y1: REFERENCE_NAME - 3, y2: height, className: 'reference' }),
    Plot.text([name], { x: value, y: REFERENCE_NAME / 2 - 1, className: 'reference-name' }),
  ];
}

/** Names that are too long lose their middle; the table beside the picture has them whole. */
function short(name: string): string {
  if (name.length <= LONGEST_NAME) return name;
  return `${name.slice(0, LONGEST_NAME - 8)}…${name.slice(-7)}`;
}
