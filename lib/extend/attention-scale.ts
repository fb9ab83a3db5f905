import type { AttentionScale, Extend, ExtendFacts } from './types.js';

/** The values of `attention-scale`. */
export const ATTENTION_SCALES: readonly AttentionScale[] = ['length', 'position', 'off'];

/** Causal self-extend scales by position: a token's attention must not depend on how much text follows it. */
export function defaultAttentionScale(given: Extend, facts: ExtendFacts): AttentionScale {
  return given.method === 'se' && facts.causal ? 'position' : 'length';
}

/**
 * The factors on the attention logits of a sequence of n tokens (design §5, "Attention scaling").
 * @returns a factor a token, or null when all are 1: within the native context, or switched off
 */
export function logitScale(scaling: AttentionScale, n: number, nativeContext: number): Float32Array | null {
  if (scaling === 'off' || n <= nativeContext) return null;
  const factor = (tokens: number): number => Math.max(1, Math.log(tokens) / Math.log(nativeContext));
  return scaling === 'length'
    ? new Float32Array(n).fill(factor(n))
    : Float32Array.from({ length: n }, (_, i) => factor(i + 1));
}
