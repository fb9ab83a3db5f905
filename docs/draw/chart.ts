/** How a picture looks: Observable Plot draws it, into an SVG that is readable on light and dark pages. */
import * as Plot from '@observablehq/plot';
import { parseHTML } from 'linkedom';
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
const MARGINS = { marginTop: 92, marginLeft: 52, marginBottom: 54 };
/** Above the frame, in pixels: the title, the legend, the name of the y axis. */
const TITLE_AT = -72;
const LEGEND_AT = -44;
const Y_LABEL_AT = -16;

/** The text of an SVG file. */
export function drawChart(chart: Chart): string {
  const { document } = parseHTML('<html></html>') as unknown as { document: SvgDocument };
  const { xLabel, yLabel, native, points, labels = [] } = chart;
  const kinds = (Object.entries(chart.kinds) as [Kind, string][]).filter(([kind]) =>
    points.some((point) => point.kind === kind),
  );
  const beside = labels.filter(({ place }) => place === 'right');
  const above = labels.filter(({ place }) => place === 'above');
  const svg: unknown = Plot.plot({
    document: document as never,
    width: WIDTH,
    height: HEIGHT,
    ...MARGINS,
    marginRight: beside.length > 0 ? 124 : 28,
    ariaLabel: chart.title,
    x: { label: xLabel, labelArrow: 'none', labelAnchor: 'center', labelOffset: 38, tickSize: 4 },
    y: { label: null, ticks: 8, tickSize: 4, grid: true },
    marks: [
      Plot.rectY([native], {
        x1: Math.min(...points.map(({ x }) => x)),
        x2: Math.max(...points.map(({ x }) => x)),
        y1: 'min',
        y2: 'max',
        className: 'native',
      }),
      Plot.line(points, { x: 'x', y: 'y', z: 'line', className: 'line' }),
      ...kinds.map(([kind]) =>
        Plot.dot(
          points.filter((point) => point.kind === kind),
          { x: 'x', y: 'y', r: 2.8, stroke: 'none', className: kind },
        ),
      ),
      Plot.text(above, { x: 'x', y: 'y', text: 'text', textAnchor: 'end', dx: 4, dy: -14 }),
      Plot.text(beside, { x: 'x', y: 'y', text: 'text', textAnchor: 'start', dx: 8 }),
      headline(chart.title, 0, TITLE_AT, 'title'),
      ...legend(chart, kinds).map(({ text, className, from }) => headline(text, from, LEGEND_AT, className)),
      headline(`↑ ${yLabel}`, -MARGINS.marginLeft + 12, Y_LABEL_AT, 'axis'),
    ],
  });
  return serialize(svg as SvgElement, document);
}

/** A text above the frame, `dx` and `dy` pixels from its corner. */
function headline(text: string, dx: number, dy: number, className: string): Plot.Markish {
  return Plot.text([text], { frameAnchor: 'top-left', dx, dy, className });
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

const SVG = 'http://www.w3.org/2000/svg';

/** What is needed of the DOM, whose types a program for Node does not have. */
interface SvgElement {
  textContent: string;
  readonly outerHTML: string;
  setAttribute(name: string, value: string): void;
  querySelector(selector: string): SvgElement | null;
  after(next: SvgElement): void;
}
interface SvgDocument {
  createElementNS(namespace: string, name: string): SvgElement;
}

/** Puts our style and a ground in, and writes an element a line, so that changes can be read in a diff. */
function serialize(svg: SvgElement, document: SvgDocument): string {
  svg.setAttribute('xmlns', SVG);
  const style = svg.querySelector('style');
  if (style === null) throw new Error('Plot gave an SVG without a style');
  style.textContent = STYLE;
  const ground = document.createElementNS(SVG, 'rect');
  const attributes = { class: 'ground', x: 0.5, y: 0.5, width: WIDTH - 1, height: HEIGHT - 1, rx: 6 };
  for (const [name, value] of Object.entries(attributes)) ground.setAttribute(name, String(value));
  style.after(ground);
  const rounded = svg.outerHTML.replace(/\d+\.\d{3,}/g, (digits) =>
    String(Math.round(Number(digits) * 100) / 100),
  );
  return `${rounded.replace(/></g, '>\n<')}\n`;
}
