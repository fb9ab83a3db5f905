/** `qwen2`: rotations in halves (NeoX order), biases on queries, keys and values only, a byte-level BPE vocabulary. */
import { byteLevelMetadata } from './byte-level-bpe.js';
import { decoderMetadata, decoderTensors } from './decoder.js';
import type { ModelPlan } from './gguf.js';
import type { ResolvedSpec } from './spec.js';

const NORM_EPSILON = 1e-6;

export function qwen2(spec: ResolvedSpec): ModelPlan {
  return {
    metadata: [
      ...decoderMetadata(spec, NORM_EPSILON),
      [`${spec.arch}.rope.freq_base`, { type: 'f32', value: spec.ropeBase }],
      ...byteLevelMetadata(spec.vocabulary, spec),
    ],
    tensors: decoderTensors(spec, { outputs: 'plain' }),
  };
}
