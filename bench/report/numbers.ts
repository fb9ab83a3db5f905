/** Numbers on the page, independent of the locale. */
import { count as formatCount } from '../../lib/format.js';
import { points } from '../results/percent.js';

/** A difference of scores in points, with a minus sign (U+2212): "+20.3", "−1.2". */
export function signed(difference: number): string {
  return points(difference).replace('-', '−');
}

/** "1 model", "3 models". */
export function counted(count: number, one: string, many = `${one}s`): string {
  return `${formatCount(count)} ${count === 1 ? one : many}`;
}

/** 109482240 → "109 M", 7110660096 → "7.1 B". */
export function parameters(count: number): string {
  if (count >= 1e9) return `${(count / 1e9).toFixed(1)} B`;
  if (count >= 1e6) return `${(count / 1e6).toFixed(0)} M`;
  return formatCount(count);
}

/** Bytes as "31.2 GiB". */
export function gibibytes(bytes: number): string {
  return `${(bytes / 2 ** 30).toFixed(1)} GiB`;
}
