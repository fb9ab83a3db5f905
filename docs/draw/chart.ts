/** How a picture looks: an SVG that is readable on light and dark pages. */
import { STYLE } from './style.js';

/** The meaning of a dot; style.ts has its colour. */
export type Kind = 'known' | 'beyond' | 'exact' | 'special';

export interface Point {
  readonly x: number;
  readonly y: number;
  readonly kind: Kind;
  /** Points of a line are joined. */
  readonly line: number;
}

export interface Label {
  readonly x: number;
  readonly y: number;
  readonly text: string;
  /** On which side of the point. */
  readonly place: 'above' | 'right';
}

export interface Chart {
  readonly title: string;
  readonly xLabel: string;
  readonly yLabel: string;
  /** The values of y that the model was trained on: a band. */
  readonly native: { readonly min: number; readonly max: number; readonly name: string };
  /** Legend of the kinds of dots that may be in the picture. */
  readonly kinds: Readonly<Partial<Record<Kind, string>>>;
  readonly points: readonly Point[];
  readonly labels?: readonly Label[];
}

const WIDTH = 720;
const HEIGHT = 360;
/** The frame's edges, in pixels, as all lengths here; labels beside the points need more space on the right. */
const LEFT = 52;
const TOP = 92;
const BOTTOM = HEIGHT - 54;
const RIGHT = WIDTH - 28;
const RIGHT_WITH_LABELS = WIDTH - 124;
/** Offsets above the frame: the title, the legend, the name of the y axis. */
const TITLE_AT = -72;
const LEGEND_AT = -44;
const Y_LABEL_AT = -16;
const TICK_LENGTH = 4;
/** Offsets of a text's baseline that centre it on its place, or put it below. */
const CENTRED = '0.32em';
const BELOW = '0.71em';

/** The text of an SVG file. */
export function drawChart(chart: Chart): string {
  const { xLabel, yLabel, native, points, labels = [] } = chart;
  const kinds = (Object.entries(chart.kinds) as [Kind, string][]).filter(([kind]) =>
    points.some((point) => point.kind === kind),
  );
  const beside = labels.filter(({ place }) => place === 'right');
  const above = labels.filter(({ place }) => place === 'above');
  const right = beside.length > 0 ? RIGHT_WITH_LABELS : RIGHT;
  const x = scaleOf(
    points.map((point) => point.x),
    [LEFT, right],
  );
  const y = scaleOf([native.min, native.max, ...points.map((point) => point.y)], [BOTTOM, TOP]);
  const xTicks = ticks(x.min, x.max, (right - LEFT) / 80);
  const yTicks = ticks(y.min, y.max, 8);
  const lines = [...new Set(points.map(({ line }) => line))].map((line) => {
    const places = points.filter((point) => point.line === line);
    return `M${places.map((point) => `${x.at(point.x)},${y.at(point.y)}`).join('L')}`;
  });
  const place = (label: Label): string =>
    text(label.text, { transform: `translate(${x.at(label.x)},${y.at(label.y)})`, y: CENTRED });
  return element(
    'svg',
    {
      xmlns: 'http://www.w3.org/2000/svg',
      'aria-label': chart.title,
      viewBox: `0 0 ${WIDTH} ${HEIGHT}`,
      width: WIDTH,
      height: HEIGHT,
      'text-anchor': 'middle',
      fill: 'currentColor',
    },
    `<style>${STYLE}</style>\n`,
    element('rect', { class: 'ground', x: 0.5, y: 0.5, width: WIDTH - 1, height: HEIGHT - 1, rx: 6 }),
    group({ stroke: 'currentColor', 'stroke-opacity': 0.1 }, yTicks, (tick) =>
      element('line', { x1: LEFT, x2: right, y1: y.at(tick), y2: y.at(tick) }),
    ),
    group({ stroke: 'currentColor' }, yTicks, (tick) =>
      element('line', { x1: LEFT - TICK_LENGTH, x2: LEFT, y1: y.at(tick), y2: y.at(tick) }),
    ),
    group({ 'text-anchor': 'end', 'font-variant': 'tabular-nums' }, yTicks, (tick) =>
      text(tickText(tick), { transform: `translate(${LEFT - 9},${y.at(tick)})`, y: CENTRED }),
    ),
    group({ stroke: 'currentColor' }, xTicks, (tick) =>
      element('line', { x1: x.at(tick), x2: x.at(tick), y1: BOTTOM, y2: BOTTOM + TICK_LENGTH }),
    ),
    group({ 'font-variant': 'tabular-nums' }, xTicks, (tick) =>
      text(tickText(tick), { transform: `translate(${x.at(tick)},${BOTTOM + 9})`, y: BELOW }),
    ),
    text(xLabel, { x: (LEFT + right) / 2, y: BOTTOM + 38 }),
    element('rect', {
      class: 'native',
      x: LEFT,
      y: y.at(native.max),
      width: right - LEFT,
      height: round(y.at(native.min) - y.at(native.max)),
    }),
    group(
      {
        class: 'line',
        fill: 'none',
        'stroke-width': 1.5,
        'stroke-linejoin': 'round',
        'stroke-linecap': 'round',
      },
      lines,
      (d) => element('path', { d }),
    ),
    ...kinds.map(([kind]) =>
      group(
        { class: kind },
        points.filter((point) => point.kind === kind),
        (point) => element('circle', { cx: x.at(point.x), cy: y.at(point.y), r: 2.8 }),
      ),
    ),
    group({ transform: 'translate(4,-14)', 'text-anchor': 'end' }, above, place),
    group({ transform: 'translate(8,0)', 'text-anchor': 'start' }, beside, place),
    headline(chart.title, 0, TITLE_AT, 'title'),
    ...legend(chart, kinds).map(({ text, className, from }) => headline(text, from, LEGEND_AT, className)),
    headline(`↑ ${yLabel}`, 12 - LEFT, Y_LABEL_AT, 'axis'),
  );
}

/** A text above the frame, `dx` and `dy` pixels from its corner. */
function headline(content: string, dx: number, dy: number, className: string): string {
  const at = { transform: `translate(${LEFT + dx},${TOP + dy})`, y: BELOW };
  return group({ class: className, 'text-anchor': 'start' }, [content], (line) => text(line, at));
}

interface Scale {
  readonly min: number;
  readonly max: number;
  /** The pixel of a value. */
  at(value: number): number;
}

/** Maps the range of the values linearly to pixels. */
function scaleOf(values: readonly number[], [from, to]: readonly [number, number]): Scale {
  const [min, max] = [Math.min(...values), Math.max(...values)];
  return { min, max, at: (value) => round(from + ((value - min) / (max - min)) * (to - from)) };
}

/** Multiples of 1, 2 or 5 times a power of ten, about `count` of them. */
function ticks(min: number, max: number, count: number): number[] {
  const raw = (max - min) / count;
  const power = 10 ** Math.floor(Math.log10(raw));
  const ratio = raw / power;
  const step =
    power * (ratio >= Math.sqrt(50) ? 10 : ratio >= Math.sqrt(10) ? 5 : ratio >= Math.sqrt(2) ? 2 : 1);
  const first = Math.ceil(min / step);
  return Array.from({ length: Math.floor(max / step) - first + 1 }, (_, i) => (first + i) * step);
}

function tickText(tick: number): string {
  return tick.toLocaleString('en-US').replace('-', '−');
}

function round(length: number): number {
  return Math.round(length * 100) / 100;
}

/** An element on lines of its own, so that changes can be read in a diff. */
function element(name: string, attributes: Attributes, ...content: readonly string[]): string {
  const opening = [name, ...Object.entries(attributes).map(([key, value]) => `${key}="${value}"`)].join(' ');
  return content.length === 0 ? `<${opening} />\n` : `<${opening}>\n${content.join('')}</${name}>\n`;
}

type Attributes = Readonly<Record<string, string | number>>;

/** Empty without items. */
function group<T>(attributes: Attributes, items: readonly T[], draw: (item: T) => string): string {
  return items.length === 0 ? '' : element('g', attributes, ...items.map(draw));
}

function text(content: string, attributes: Attributes): string {
  const escaped = content.replace(/&/g, '&amp;').replace(/</g, '&lt;');
  return element('text', attributes, escaped).replaceAll('\n', '').concat('\n');
}

interface LegendEntry {
  readonly text: string;
  readonly className: string;
  /** Its left edge, in pixels from the frame's left. */
  readonly from: number;
}

function legend({ native }: Chart, kinds: readonly [Kind, string][]): LegendEntry[] {
  const entries = [
    {
      text: `■ ${native.name}, ${native.min} … ${native.max}`.replace('-', '−'),
      className: 'native-name',
    },
    ...kinds.map(([kind, text]) => ({ text: `● ${text}`, className: kind })),
  ];
  let from = 0;
  return entries.map((entry) => {
    const placed = { ...entry, from };
    // Nothing measures text here: about 7.5 pixels a character leave room enough with every usual font.
    from += 7.5 * entry.text.length + 20;
    return placed;
  });
}
