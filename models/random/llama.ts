/** `llama` (Mistral): interleaved rotations, biases nowhere or everywhere, a SentencePiece vocabulary. */
import { decoderMetadata, decoderTensors } from './decoder.js';
import type { ModelPlan } from './gguf.js';
import { sentencePieceMetadata } from './sentencepiece.js';
import type { ResolvedSpec } from './spec.js';

const NORM_EPSILON = 1e-5;

export function llama(spec: ResolvedSpec): ModelPlan {
  const { arch } = spec;
  return {
    metadata: [
      ...decoderMetadata(spec, NORM_EPSILON),
      [`${arch}.rope.dimension_count`, { type: 'u32', value: spec.dimensions / spec.heads }],
      [`${arch}.rope.freq_base`, { type: 'f32', value: spec.ropeBase }],
      [`${arch}.vocab_size`, { type: 'u32', value: spec.vocabulary }],
      ...sentencePieceMetadata(spec.vocabulary, spec),
    ],
    tensors: decoderTensors(spec, { outputs: 'biased' }),
  };
}
