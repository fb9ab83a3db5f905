/** The tensors that llama and qwen2 share: RMS norm before each half layer, grouped keys and values, SwiGLU. */
import type { Metadata, TensorPlan } from './gguf.js';
import { attentionInputs, bias, commonMetadata, matrix, rmsNorm, SPREAD, tokenEmbedding } from './parts.js';
import type { ResolvedSpec } from './spec.js';

/**
 * @param outputs whether the attention's output and the feed-forward may have biases; queries, keys and values have them
 *   wherever the spec says so
 */
export function decoderTensors(
  spec: ResolvedSpec,
  { outputs }: { outputs: 'biased' | 'plain' },
): TensorPlan[] {
  const { dimensions, feedForward } = spec;
  const biasOf = (name: string, size: number): TensorPlan[] =>
    outputs === 'biased' ? bias(spec, name, size) : [];
  const tensors: TensorPlan[] = [tokenEmbedding(spec), ...rmsNorm('output_norm', dimensions)];
  for (let layer = 0; layer < spec.layers; layer += 1) {
    const block = `blk.${layer}`;
    tensors.push(
      ...rmsNorm(`${block}.attn_norm`, dimensions),
      ...attentionInputs(spec, block),
      matrix(spec, `${block}.attn_output`, dimensions, dimensions, SPREAD.attentionOutput),
      ...biasOf(`${block}.attn_output`, dimensions),
      ...rmsNorm(`${block}.ffn_norm`, dimensions),
      matrix(spec, `${block}.ffn_gate`, dimensions, feedForward, SPREAD.feedForward),
      ...biasOf(`${block}.ffn_gate`, feedForward),
      matrix(spec, `${block}.ffn_up`, dimensions, feedForward, SPREAD.feedForward),
      ...biasOf(`${block}.ffn_up`, feedForward),
      matrix(spec, `${block}.ffn_down`, feedForward, dimensions, SPREAD.feedForward),
      ...biasOf(`${block}.ffn_down`, dimensions),
    );
  }
  return tensors;
}

/** What a decoder's metadata begins with. The key of causality stands only where a file departs from its architecture. */
export function decoderMetadata(spec: ResolvedSpec, normEpsilon: number): Metadata {
  return [
    ...commonMetadata(spec),
    ...(spec.causal ? [] : ([[`${spec.arch}.attention.causal`, { type: 'bool', value: false }]] as const)),
    [`${spec.arch}.attention.layer_norm_rms_epsilon`, { type: 'f32', value: normEpsilon }],
  ];
}
