/**
 * The score of a document from the cosines of its vectors: the mean of the best ones. With one, this is MaxSim.
 * @param scores cosines; the document's are from `begin` up to `end`
 * @param best how many count; a document with fewer vectors is scored by all of them
 */
export function meanOfBest(scores: Float32Array, begin: number, end: number, best: number): number {
  if (best === 1 || end - begin === 1) return scores[bestRow(scores, begin, end)] ?? 0;
  const counted = largest(scores.subarray(begin, end), best);
  let sum = 0;
  for (let i = 0; i < counted.length; i++) sum += counted[i] ?? 0;
  return sum / counted.length;
}

/** Up to here, putting each number into its place is faster than sorting all. */
const MAX_INSERTED = 16;

/** The largest `count` of some numbers, or all, ascending. */
function largest(numbers: Float32Array, count: number): Float32Array {
  if (count >= numbers.length) return numbers.slice().sort();
  if (count > MAX_INSERTED)
    return numbers
      .slice()
      .sort()
      .subarray(numbers.length - count);
  const found = numbers.slice(0, count).sort();
  for (let i = count; i < numbers.length; i++) {
    const number = numbers[i] ?? 0;
    if (number <= (found[0] ?? 0)) continue;
    let place = 0;
    for (; place + 1 < count && (found[place + 1] ?? 0) < number; place++)
      found[place] = found[place + 1] ?? 0;
    found[place] = number;
  }
  return found;
}

/** The k-th largest of some numbers; −∞ where there are fewer. @param k from 1 */
export function kthLargest(numbers: Float32Array | Float64Array, k: number): number {
  if (k > numbers.length) return -Infinity;
  // The k largest so far as a heap: no parent is larger than its children, so that the smallest comes first.
  const heap = numbers.slice(0, k).sort();
  for (let i = k; i < numbers.length; i++) {
    const number = numbers[i] ?? 0;
    if (number <= (heap[0] ?? 0)) continue;
    let place = 0;
    for (let child = 1; child < k; child = 2 * place + 1) {
      if (child + 1 < k && (heap[child + 1] ?? 0) < (heap[child] ?? 0)) child++;
      if ((heap[child] ?? 0) >= number) break;
      heap[place] = heap[child] ?? 0;
      place = child;
    }
    heap[place] = number;
  }
  return heap[0] ?? -Infinity;
}

/** Index of the largest of the scores from `begin` up to `end`, the first of equal ones. */
export function bestRow(scores: Float32Array, begin: number, end: number): number {
  let best = begin;
  for (let row = begin + 1; row < end; row++) {
    if ((scores[row] ?? 0) > (scores[best] ?? 0)) best = row;
  }
  return best;
}

interface Scored<T> {
  readonly value: T;
  readonly score: number;
}

/** Collects the entries with the highest scores. Of equal scores, the one that was offered first is better. */
export class Best<T> {
  readonly #limit: number;
  /** Those that may be among the best: in order as far as they were sorted, then as they were offered. */
  #entries: Scored<T>[] = [];
  #sorted = 0;
  /** What a score has to exceed; NaN, which nothing is below, until there are enough. */
  #least = NaN;

  constructor(limit: number) {
    this.#limit = limit;
  }

  /** @param score not NaN */
  offer(value: T, score: number): void {
    if (score <= this.#least) return;
    this.#entries.push({ value, score });
    // Sorting now and then takes n log n where putting each into its place takes n².
    if (this.#entries.length >= 2 * this.#limit + SPARE) this.#sort();
  }

  /** Best first. */
  get entries(): readonly Scored<T>[] {
    this.#sort();
    return this.#entries;
  }

  #sort(): void {
    if (this.#sorted === this.#entries.length) return;
    // The sort is stable: those offered first stay before others of their score.
    this.#entries.sort((a, b) => b.score - a.score);
    if (this.#entries.length >= this.#limit) {
      this.#entries.length = this.#limit;
      this.#least = this.#entries.at(-1)?.score ?? NaN;
    }
    this.#sorted = this.#entries.length;
  }
}

/** Entries beside twice the wanted ones before they are sorted, so that few are not sorted at every other one. */
const SPARE = 64;
