/** `llama` (Mistral): RMS norm before each half layer, grouped keys and values, interleaved rotations, SwiGLU, causal. */
import type { ModelPlan, TensorPlan } from './gguf.js';
import { attentionInputs, bias, commonMetadata, matrix, rmsNorm, SPREAD, tokenEmbedding } from './parts.js';
import { sentencePieceMetadata } from './sentencepiece.js';
import type { ResolvedSpec } from './spec.js';

const NORM_EPSILON = 1e-5;

export function llama(spec: ResolvedSpec): ModelPlan {
  const { arch, dimensions, feedForward } = spec;
  const tensors: TensorPlan[] = [tokenEmbedding(spec), ...rmsNorm('output_norm', dimensions)];
  for (let layer = 0; layer < spec.layers; layer += 1) {
    const block = `blk.${layer}`;
    tensors.push(
      ...rmsNorm(`${block}.attn_norm`, dimensions),
      ...attentionInputs(spec, block),
      matrix(spec, `${block}.attn_output`, dimensions, dimensions, SPREAD.attentionOutput),
      ...bias(spec, `${block}.attn_output`, dimensions),
      ...rmsNorm(`${block}.ffn_norm`, dimensions),
      matrix(spec, `${block}.ffn_gate`, dimensions, feedForward, SPREAD.feedForward),
      ...bias(spec, `${block}.ffn_gate`, feedForward),
      matrix(spec, `${block}.ffn_up`, dimensions, feedForward, SPREAD.feedForward),
      ...bias(spec, `${block}.ffn_up`, feedForward),
      matrix(spec, `${block}.ffn_down`, feedForward, dimensions, SPREAD.feedForward),
      ...bias(spec, `${block}.ffn_down`, dimensions),
    );
  }
  return {
    metadata: [
      ...commonMetadata(spec),
      [`${arch}.attention.layer_norm_rms_epsilon`, { type: 'f32', value: NORM_EPSILON }],
      [`${arch}.rope.dimension_count`, { type: 'u32', value: dimensions / spec.heads }],
      [`${arch}.rope.freq_base`, { type: 'f32', value: spec.ropeBase }],
      [`${arch}.vocab_size`, { type: 'u32', value: spec.vocabulary }],
      ...sentencePieceMetadata(spec.vocabulary, spec),
    ],
    tensors,
  };
}
