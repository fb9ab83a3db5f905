/** `jina-bert-v3`: BERT whose positions are rotations (halves, NeoX order) in place of a matrix. */
import { encoderMetadata, encoderTensors, plainFeedForward } from './encoder.js';
import type { ModelPlan } from './gguf.js';
import type { ResolvedSpec } from './spec.js';

export function jinaBertV3(spec: ResolvedSpec): ModelPlan {
  return {
    metadata: [
      ...encoderMetadata(spec),
      [`${spec.arch}.rope.freq_base`, { type: 'f32', value: spec.ropeBase }],
    ],
    tensors: encoderTensors(spec, plainFeedForward),
  };
}
