/** Observable Plot draws a picture into an SVG that lies in the page: the page's style sheet gives its colours and fonts. */
import * as Plot from '@observablehq/plot';
import { parseHTML } from 'linkedom';
import { type Html, trusted } from './html.js';

/** What those who cannot see a picture are told of it. */
export interface Picture {
  /** Unique in the page. */
  readonly id: string;
  readonly title: string;
  readonly description: string;
}

export function drawSvg({ id, title, description }: Picture, options: Plot.PlotOptions): Html {
  const { document } = parseHTML('<html></html>') as unknown as { document: SvgDocument };
  const svg = Plot.plot({ ...options, document: document as never }) as unknown as SvgElement;
  // Plot's own style is for pages without one, and the page's security policy would refuse it.
  svg.querySelector('style')?.remove();
  for (const name of SET_BY_PAGE) svg.removeAttribute(name);
  const attributes = { id, class: 'chart', role: 'img', 'aria-labelledby': `${id}-title ${id}-text` };
  for (const [name, value] of Object.entries(attributes)) svg.setAttribute(name, value);
  svg.prepend(
    element(document, 'title', `${id}-title`, title),
    element(document, 'desc', `${id}-text`, description),
  );
  for (const mark of svg.querySelectorAll('*')) round(mark);
  return trusted(`${svg.outerHTML}\n`);
}

/** What the style sheet says of every picture. */
const SET_BY_PAGE = ['font-family', 'font-size', 'fill'];

const SVG = 'http://www.w3.org/2000/svg';

/** What is needed of the DOM, whose types a program for Node does not have. */
interface SvgElement {
  textContent: string;
  readonly outerHTML: string;
  getAttribute(name: string): string | null;
  setAttribute(name: string, value: string): void;
  removeAttribute(name: string): void;
  querySelector(selector: string): SvgElement | null;
  querySelectorAll(selector: string): Iterable<SvgElement>;
  prepend(...children: SvgElement[]): void;
  remove(): void;
}
interface SvgDocument {
  createElementNS(namespace: string, name: string): SvgElement;
}

function element(document: SvgDocument, name: string, id: string, text: string): SvgElement {
  const made = document.createElementNS(SVG, name);
  made.setAttribute('id', id);
  made.textContent = text;
  return made;
}

/** Where Plot writes numbers with all their decimals. */
const MEASURES = ['transform', 'x', 'y', 'x1', 'x2', 'y1', 'y2', 'width', 'height'];

/** A hundredth of a pixel is enough. */
function round(mark: SvgElement): void {
  for (const name of MEASURES) {
    const given = mark.getAttribute(name);
    if (given === null) continue;
    const rounded = given.replace(/\d+\.\d{3,}/g, (digits) => String(Math.round(Number(digits) * 100) / 100));
    mark.setAttribute(name, rounded);
  }
}
