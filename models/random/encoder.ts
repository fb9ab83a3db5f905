/** What the architectures that descend from BERT have in common: norm after each half layer, WordPiece, no causality. */
import type { Metadata, TensorPlan } from './gguf.js';
import {
  addedRows,
  attentionInputs,
  bias,
  commonMetadata,
  layerNorm,
  matrix,
  SPREAD,
  tokenEmbedding,
} from './parts.js';
import type { ResolvedSpec } from './spec.js';
import { wordPieceMetadata } from './wordpiece.js';

const TOKEN_TYPES = 2;
const NORM_EPSILON = 1e-12;

/** A layer's feed-forward tensors; what tells the architectures apart. */
export type FeedForward = (spec: ResolvedSpec, block: string) => TensorPlan[];

/** Up, GELU, down, with biases where the spec has them. */
export const plainFeedForward: FeedForward = (spec, block) => [
  matrix(spec, `${block}.ffn_up`, spec.dimensions, spec.feedForward, SPREAD.feedForward),
  ...bias(spec, `${block}.ffn_up`, spec.feedForward),
  matrix(spec, `${block}.ffn_down`, spec.feedForward, spec.dimensions, SPREAD.feedForward),
  ...bias(spec, `${block}.ffn_down`, spec.dimensions),
];

export function encoderMetadata(spec: ResolvedSpec): Metadata {
  return [
    ...commonMetadata(spec),
    [`${spec.arch}.attention.layer_norm_epsilon`, { type: 'f32', value: NORM_EPSILON }],
    [`${spec.arch}.attention.causal`, { type: 'bool', value: false }],
    ...wordPieceMetadata(spec.vocabulary, TOKEN_TYPES),
  ];
}

/** `position` stands between the token matrices and the first norm. */
export function encoderTensors(
  spec: ResolvedSpec,
  feedForward: FeedForward,
  position: readonly TensorPlan[] = [],
): TensorPlan[] {
  const { dimensions } = spec;
  const tensors: TensorPlan[] = [tokenEmbedding(spec)];
  if (spec.tokenTypes) {
    tensors.push(addedRows('token_types.weight', dimensions, TOKEN_TYPES, SPREAD.tokenType));
  }
  tensors.push(...position, ...layerNorm('token_embd_norm', dimensions));
  for (let layer = 0; layer < spec.layers; layer += 1) {
    const block = `blk.${layer}`;
    tensors.push(
      ...attentionInputs(spec, block),
      matrix(spec, `${block}.attn_output`, dimensions, dimensions, SPREAD.attentionOutput),
      ...bias(spec, `${block}.attn_output`, dimensions),
      ...layerNorm(`${block}.attn_output_norm`, dimensions),
      ...feedForward(spec, block),
      ...layerNorm(`${block}.layer_output_norm`, dimensions),
    );
  }
  return tensors;
}
