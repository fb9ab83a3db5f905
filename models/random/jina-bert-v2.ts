/**
 * `jina-bert-v2`: distances as a penalty on attention (ALiBi), gated GELU feed-forward. Token types and the output
 * biases are not optional here, so the spec's `biases` and `tokenTypes` must be on.
 */
import { encoderMetadata, encoderTensors, type FeedForward } from './encoder.js';
import type { ModelPlan } from './gguf.js';
import { bias, matrix, SPREAD } from './parts.js';
import type { ResolvedSpec } from './spec.js';

const geGlu: FeedForward = (spec, block) => [
  matrix(spec, `${block}.ffn_up`, spec.dimensions, spec.feedForward, SPREAD.feedForward),
  matrix(spec, `${block}.ffn_gate`, spec.dimensions, spec.feedForward, SPREAD.feedForward),
  matrix(spec, `${block}.ffn_down`, spec.feedForward, spec.dimensions, SPREAD.feedForward),
  ...bias(spec, `${block}.ffn_down`, spec.dimensions),
];

export function jinaBertV2(spec: ResolvedSpec): ModelPlan {
  if (!spec.biases || !spec.tokenTypes) throw new RangeError('jina-bert-v2 needs biases and tokenTypes');
  return { metadata: encoderMetadata(spec), tensors: encoderTensors(spec, geGlu) };
}
