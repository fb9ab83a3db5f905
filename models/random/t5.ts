/** T5's encoder: RMS norm before each half layer, a bias by distance in attention, a unigram vocabulary, no biases. */
import type { ArchitectureEntry, ResolvedSpec } from './model-spec.js';
import type { TensorPlan } from './gguf.js';
import { attentionInputs, commonMetadata, matrix, rmsNorm, SPREAD, tokenEmbedding } from './parts.js';
import { unigramMetadata } from './vocabularies.js';

const BUCKETS = 32;

/** Spread of the biases by distance: as large as the logits'. */
const DISTANCE_BIAS = 1;

function tensors(spec: ResolvedSpec): TensorPlan[] {
  const { dimensions, heads, headSize, feedForward } = spec;
  const inner = heads * headSize;
  const plans = [tokenEmbedding(spec), ...rmsNorm('enc.output_norm', dimensions)];
  for (let layer = 0; layer < spec.layers; layer += 1) {
    const block = `enc.blk.${layer}`;
    // Logits are not divided by the root of the head's size.
    const inputs = attentionInputs(spec, block).map((plan) => ({
      ...plan,
      draws: plan.draws.map((draw) => ({
        ...draw,
        deviation: /attn_[qk]/.test(draw.label) ? draw.deviation / headSize ** 0.25 : draw.deviation,
      })),
    }));
    plans.push(
      ...rmsNorm(`${block}.attn_norm`, dimensions),
      ...inputs,
      ...(layer === 0 || spec.biasByLayer
        ? [
            {
              name: `${block}.attn_rel_b.weight`,
              shape: [heads, BUCKETS],
              type: 'F32',
              draws: [{ label: `${block}.attn_rel_b`, rows: BUCKETS, deviation: DISTANCE_BIAS }],
            } as const,
          ]
        : []),
      matrix(spec, `${block}.attn_o`, inner, dimensions, SPREAD.attentionOutput),
      ...rmsNorm(`${block}.ffn_norm`, dimensions),
      ...(spec.gated ? [matrix(spec, `${block}.ffn_gate`, dimensions, feedForward, SPREAD.feedForward)] : []),
      matrix(spec, `${block}.ffn_up`, dimensions, feedForward, SPREAD.feedForward),
      matrix(spec, `${block}.ffn_down`, feedForward, dimensions, SPREAD.feedForward),
    );
  }
  if (spec.head > 0) {
    plans.push(matrix(spec, 'dense_2', dimensions, spec.head, SPREAD.feedForward));
  }
  return plans;
}

export const T5 = {
  t5encoder: {
    hasHeadSize: true,
    byDistance: true,
    defaults: { headSize: 24, biases: false, tokenTypes: false },
    models: {
      t5encoder: {},
      't5encoder-biases': { biasByLayer: true, seed: 4 },
      't5encoder-gated': { gated: true, head: 96, heads: 2, headSize: 32, seed: 3 },
    },
    plan: (spec) => ({
      metadata: [
        ...commonMetadata(spec),
        ['t5encoder.attention.layer_norm_epsilon', { type: 'f32', value: 1e-6 }],
        ['t5encoder.attention.layer_norm_rms_epsilon', { type: 'f32', value: 1e-6 }],
        ['t5encoder.attention.relative_buckets_count', { type: 'u32', value: BUCKETS }],
        ...unigramMetadata(spec.vocabulary),
      ],
      tensors: tensors(spec),
    }),
  },
} as const satisfies Record<string, ArchitectureEntry>;
