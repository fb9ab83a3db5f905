/**
 * The score of a document from the cosines of its vectors: the mean of the best ones. With one, this is MaxSim.
 * @param scores cosines; the document's are from `begin` up to `end`
 * @param best how many count; a document with fewer vectors is scored by all of them
 */
export function meanOfBest(scores: Float32Array, begin: number, end: number, best: number): number {
  if (best === 1 || end - begin === 1) return scores[bestRow(scores, begin, end)] ?? 0;
  const sorted = scores.slice(begin, end).sort();
  const counted = sorted.subarray(Math.max(0, sorted.length - best));
  let sum = 0;
  for (let i = 0; i < counted.length; i++) sum += counted[i] ?? 0;
  return sum / counted.length;
}

/** Index of the largest of the scores from `begin` up to `end`, the first of equal ones. */
export function bestRow(scores: Float32Array, begin: number, end: number): number {
  let best = begin;
  for (let row = begin + 1; row < end; row++) {
    if ((scores[row] ?? 0) > (scores[best] ?? 0)) best = row;
  }
  return best;
}

/** Collects the entries with the highest scores. Of equal scores, the one that was offered first is better. */
export class Best<T> {
  readonly #limit: number;
  readonly #entries: { readonly value: T; readonly score: number }[] = [];

  constructor(limit: number) {
    this.#limit = limit;
  }

  offer(value: T, score: number): void {
    const entries = this.#entries;
    const last = entries.at(-1);
    if (entries.length === this.#limit && last !== undefined && score <= last.score) return;
    let [low, high] = [0, entries.length];
    while (low < high) {
      const middle = (low + high) >>> 1;
      if ((entries[middle]?.score ?? 0) >= score) low = middle + 1;
      else high = middle;
    }
    entries.splice(low, 0, { value, score });
    if (entries.length > this.#limit) entries.pop();
  }

  /** Best first. */
  get entries(): readonly { readonly value: T; readonly score: number }[] {
    return this.#entries;
  }
}
