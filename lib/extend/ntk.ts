import { type CommonKeys, defineStrategy, needsRope, notScaled } from './strategy.js';

/** NTK-aware RoPE: the base × λ, for every input, however short. */
export interface NtkExtend extends CommonKeys {
  method: 'ntk';
  /** A number from 1. Default: s + max(1, s / 4). */
  lambda?: number | undefined;
}

/**
 * NTK-aware RoPE (paper §4.3, design §5): the base × λ for every input, long or short, so that vectors of short and long texts
 * are comparable. The default λ = s + max(1, s / 4) is the paper's 3, 5, 10 for s = 2, 4, 8 (Table 6).
 */
export const ntk = defineStrategy<NtkExtend>({
  method: 'ntk',
  title: 'NTK-aware RoPE',
  help: "RoPE's base times lambda=, for short texts too; the paper's best for E5-Mistral",
  keys: { lambda: { whole: false, min: 1, max: 1e6 } },
  file: { encodings: ['rope'], changesShortInputs: false },
  changesShortInputs: true,
  refuses: (context) =>
    needsRope(context) ??
    (context.ropeBase > 0 ? null : 'it multiplies the RoPE base, but this file has none'),
  notes: notScaled,
  defaults: ({ scale }) => ({ lambda: scale + Math.max(1, scale / 4) }),
  layout: ({ lambda }, { ropeBase }) => ({ ropeBase: ropeBase * lambda }),
});
