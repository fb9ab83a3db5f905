import type { Method } from '../../lib/extend/index.js';
import type { ModelInfo } from '../../lib/index.js';

/** What the cost of a text depends on. */
type Shape = Pick<
  ModelInfo,
  'parameters' | 'vocabularySize' | 'dimensions' | 'layers' | 'nativeContext' | 'causal'
>;

/**
 * About how many multiplications a text of so many tokens takes: a pass through the weights a token, and attention to
 * every token that it sees. Only for comparing texts with each other: how fast a machine goes is measured.
 */
export function workOf(shape: Shape, method: Method, tokens: number): number {
  const weights = Math.max(shape.parameters - shape.vocabularySize * shape.dimensions, shape.dimensions);
  const window = method === 'pcw' ? Math.min(tokens, shape.nativeContext) : tokens;
  const attention = 2 * shape.layers * shape.dimensions * window * (shape.causal ? 0.5 : 1);
  return tokens * (weights + attention);
}
