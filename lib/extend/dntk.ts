import { type CommonKeys, defineStrategy, needsRope, notScaled } from './strategy.js';

/** Dynamic NTK: the RoPE base grows with the length of each sequence past the native context. */
export interface DntkExtend extends CommonKeys {
  method: 'dntk';
}

/**
 * Dynamic NTK (design §5, "Beyond the paper"; the "dynamic" scaling of transformers): for n > Lo tokens the base ×
 * (a · n / Lo − (a − 1))^(d / (d − 2)), with a = Lt / Lo and d rotated numbers of a head. Short sequences stay as they are,
 * so that they may share an index with vectors that no strategy changed.
 */
export const dntk = defineStrategy<DntkExtend, { a: number }>({
  method: 'dntk',
  title: 'dynamic NTK-aware RoPE',
  help: "RoPE's base by each text's length; short texts stay as they are",
  keys: {},
  file: "its RoPE base depends on each text's length, and GGUF has one base for all",
  refuses: (context) =>
    needsRope(context) ??
    (context.ropeBase > 0 && context.ropeDimensions > 2
      ? null
      : 'it multiplies the RoPE base, but this file has none that it could change'),
  notes: notScaled,
  defaults: ({ target, nativeContext }) => ({ a: target / nativeContext }),
  layout: ({ a }, { ropeBase, ropeDimensions: d, nativeContext }, n) => ({
    ropeBase: ropeBase * ((a * n) / nativeContext - (a - 1)) ** (d / (d - 2)),
  }),
});
