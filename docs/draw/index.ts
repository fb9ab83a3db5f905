/** The pictures of docs/strategies.md: pictures.ts has what is in them, chart.ts how it looks. */
import { METHODS } from '../../lib/extend/index.js';
import { drawChart } from './chart.js';
import { PICTURES } from './pictures.js';

/** Where the pictures are kept. */
export const IMAGES = new URL('../images/', import.meta.url);

/** Every picture, by file name: the same text on every run. */
export function drawAll(): Map<string, string> {
  return new Map(METHODS.map((method) => [`${method}.svg`, drawChart(PICTURES[method]())]));
}
