import { type CommonKeys, defineStrategy, needsGraph, needsRope } from './strategy.js';

/** YaRN: slow rotary frequencies are interpolated, fast ones stay. */
export interface YarnExtend extends CommonKeys {
  method: 'yarn';
}

// Rotations within the native context (arXiv 2309.00071 §3.2): frequencies below the first are interpolated, above the second kept.
const ALPHA = 1;
const BETA = 32;

/**
 * YaRN (arXiv 2309.00071; design §5, "Beyond the paper"). A rotary frequency θ that turns r = Lo / λ times within the native
 * context, λ = 2π / θ its wavelength, becomes (1 − γ) · θ / s + γ · θ with γ = clamp((r − 1) / (32 − 1), 0, 1) and s = Lt / Lo.
 * Logits × (0.1 · ln s + 1)², which takes the place of attention scaling. Sequences within the native context stay as they are.
 */
export const yarn = defineStrategy<YarnExtend, { s: number }>({
  method: 'yarn',
  title: 'YaRN',
  help: 'RoPE interpolated where it turns slowly, with its own scaling of attention',
  keys: {},
  file: "GGUF's own YaRN interpolates by the number of a dimension, this one by its wavelength, and short texts would change",
  refuses: (context) =>
    needsRope(context) ??
    (context.ropeBase > 0
      ? null
      : 'it changes RoPE frequencies, but this file has no base to compute them from') ??
    needsGraph(context, 'a change of each rotary frequency'),
  defaultAttentionScale: () => 'yarn',
  defaults: ({ target, nativeContext }) => ({ s: target / nativeContext }),
  layout: ({ s }, { ropeBase, ropeDimensions, nativeContext }) => ({
    ropeFactors: Float64Array.from({ length: ropeDimensions / 2 }, (_, j) => {
      const wavelength = 2 * Math.PI * ropeBase ** ((2 * j) / ropeDimensions);
      const kept = Math.min(1, Math.max(0, (nativeContext / wavelength - ALPHA) / (BETA - ALPHA)));
      return 1 / ((1 - kept) / s + kept);
    }),
  }),
});

/** The factor on attention logits that YaRN has of its own (arXiv 2309.00071 eq. 22). @param s Lt / Lo */
export function yarnLogitFactor(s: number): number {
  return (0.1 * Math.log(s) + 1) ** 2;
}
