/**
 * Holm's step-down correction for several tests at once: a corrected p below α in any of them happens by chance with
 * probability α at most, over all of them together.
 * @param values p-values, in any order
 * @returns the corrected ones in the same order
 */
export function holm(values: readonly number[]): number[] {
  const order = values.map((_value, index) => index).sort((a, b) => (values[a] ?? 0) - (values[b] ?? 0));
  const corrected = new Array<number>(values.length);
  let largest = 0;
  for (const [rank, index] of order.entries()) {
    largest = Math.max(largest, Math.min(1, (values[index] ?? 0) * (values.length - rank)));
    corrected[index] = largest;
  }
  return corrected;
}
