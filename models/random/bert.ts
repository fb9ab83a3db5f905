/** `bert`: absolute positions, plain GELU feed-forward. */
import { encoderMetadata, encoderTensors, plainFeedForward } from './encoder.js';
import type { ModelPlan } from './gguf.js';
import { addedRows, SPREAD } from './parts.js';
import type { ResolvedSpec } from './spec.js';

export function bert(spec: ResolvedSpec): ModelPlan {
  return {
    metadata: encoderMetadata(spec),
    tensors: encoderTensors(spec, plainFeedForward, [
      addedRows('position_embd.weight', spec.dimensions, spec.context, SPREAD.position),
    ]),
  };
}
