import type { Span } from './strategy.js';

/**
 * Windows that are all full, since the last one starts earlier where it would be short; one where everything fits in.
 * @param tokens to cover
 * @param size tokens of a window
 * @param overlap tokens that neighbours share: less than `size`
 */
export function fullWindows(tokens: number, size: number, overlap: number): Span[] {
  if (tokens <= size) return [{ from: 0, to: tokens }];
  const stride = size - overlap;
  return Array.from({ length: 1 + Math.ceil((tokens - size) / stride) }, (_, index) => {
    const to = Math.min(index * stride + size, tokens);
    return { from: to - size, to };
  });
}
