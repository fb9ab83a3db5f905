/** The pictures of docs/strategies.md: pictures.ts defines their contents, chart.ts their look. */
import { METHODS } from '../../lib/extend/index.js';
import { drawChart } from './chart.js';
import { PICTURES } from './pictures.js';

/** The folder of the pictures. */
export const IMAGES = new URL('../images/', import.meta.url);

/** Every picture, by file name: the same text on every run. */
export function drawAll(): Map<string, string> {
  return new Map(METHODS.map((method) => [`${method}.svg`, drawChart(PICTURES[method]())]));
}
