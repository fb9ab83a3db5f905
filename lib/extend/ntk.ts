import { needsRope, notScaled } from './reasons.js';
import { paperTarget, type Strategy } from './strategy.js';

/**
 * NTK-aware RoPE (paper §4.3, design §5): the base × λ for every input, long or short, so that short and long texts
 * meet in one space. The default λ = s + max(1, s / 4) is the paper's 3, 5, 10 for s = 2, 4, 8 (Table 6).
 */
export const ntk: Strategy = {
  method: 'ntk',
  title: 'NTK-aware RoPE',
  keys: { lambda: { whole: false, min: 1, max: 1e6 } },
  changesShortInputs: true,
  refuses: (facts) =>
    needsRope(facts) ?? (facts.ropeBase > 0 ? null : 'it multiplies the RoPE base, and this file names none'),
  notes: notScaled,
  defaultTarget: paperTarget,
  parameters(given, facts, target) {
    const scale = Math.ceil(target / facts.nativeContext);
    const lambda = 'lambda' in given ? given.lambda : undefined;
    return { lambda: lambda ?? scale + Math.max(1, scale / 4) };
  },
  layout: ({ lambda }, { ropeBase }) => ({ ropeBase: ropeBase * (lambda ?? 1) }),
};
