/** `nomic-bert`: rotations, one fused tensor for queries, keys and values, SwiGLU feed-forward without biases. */
import { encoderMetadata, encoderTensors, type FeedForward } from './encoder.js';
import type { ModelPlan } from './gguf.js';
import { matrix, SPREAD } from './parts.js';
import type { ResolvedSpec } from './spec.js';

const swiGlu: FeedForward = (spec, block) => [
  matrix(spec, `${block}.ffn_up`, spec.dimensions, spec.feedForward, SPREAD.feedForward),
  matrix(spec, `${block}.ffn_gate`, spec.dimensions, spec.feedForward, SPREAD.feedForward),
  matrix(spec, `${block}.ffn_down`, spec.feedForward, spec.dimensions, SPREAD.feedForward),
];

export function nomicBert(spec: ResolvedSpec): ModelPlan {
  return {
    metadata: [
      ...encoderMetadata(spec),
      [`${spec.arch}.rope.freq_base`, { type: 'f32', value: spec.ropeBase }],
    ],
    tensors: encoderTensors(spec, swiGlu),
  };
}
