/** How numbers are written on the page: the same on every machine, whatever its language. */
import { points } from '../results/percent.js';

/** A difference of scores in points, with a true minus: "+20.3", "−1.2". */
export function signed(difference: number): string {
  return points(difference).replace('-', '−');
}

/** 32768 → "32,768". */
export function whole(count: number): string {
  return String(count).replace(/\B(?=(\d{3})+$)/g, ',');
}

/** "1 model", "3 models". */
export function counted(count: number, one: string, many = `${one}s`): string {
  return `${whole(count)} ${count === 1 ? one : many}`;
}

/** 109482240 → "109 M", 7110660096 → "7.1 B". */
export function parameters(count: number): string {
  if (count >= 1e9) return `${(count / 1e9).toFixed(1)} B`;
  if (count >= 1e6) return `${(count / 1e6).toFixed(0)} M`;
  return whole(count);
}

/** Bytes as "31.2 GiB". */
export function gibibytes(bytes: number): string {
  return `${(bytes / 2 ** 30).toFixed(1)} GiB`;
}
