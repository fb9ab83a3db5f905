/**
 * The BERT family: norm after each half layer, a WordPiece vocabulary, no causality. The architectures differ in how they
 * know positions, and in the feed-forward.
 */
import type { ArchitectureEntry, ResolvedSpec } from './model-spec.js';
import type { Metadata, ModelPlan, TensorPlan } from './gguf.js';
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
import { wordPieceMetadata } from './vocabularies.js';

const TOKEN_TYPES = 2;
const NORM_EPSILON = 1e-12;

/** A layer's feed-forward tensors; what distinguishes the architectures. */
type FeedForward = (spec: ResolvedSpec, block: string) => TensorPlan[];

/** Up, GELU, down, with biases where the spec has them. */
const plainFeedForward: FeedForward = (spec, block) => [
  matrix(spec, `${block}.ffn_up`, spec.dimensions, spec.feedForward, SPREAD.feedForward),
  ...bias(spec, `${block}.ffn_up`, spec.feedForward),
  matrix(spec, `${block}.ffn_down`, spec.feedForward, spec.dimensions, SPREAD.feedForward),
  ...bias(spec, `${block}.ffn_down`, spec.dimensions),
];

function encoderMetadata(spec: ResolvedSpec): Metadata {
  return [
    ...commonMetadata(spec),
    [`${spec.arch}.attention.layer_norm_epsilon`, { type: 'f32', value: NORM_EPSILON }],
    [`${spec.arch}.attention.causal`, { type: 'bool', value: false }],
    ...wordPieceMetadata(spec.vocabulary, TOKEN_TYPES),
  ];
}

/** `position` stands between the token matrices and the first norm. */
function encoderTensors(
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

const swiGlu: FeedForward = (spec, block) => [
  matrix(spec, `${block}.ffn_up`, spec.dimensions, spec.feedForward, SPREAD.feedForward),
  matrix(spec, `${block}.ffn_gate`, spec.dimensions, spec.feedForward, SPREAD.feedForward),
  matrix(spec, `${block}.ffn_down`, spec.feedForward, spec.dimensions, SPREAD.feedForward),
];

const geGlu: FeedForward = (spec, block) => [
  matrix(spec, `${block}.ffn_up`, spec.dimensions, spec.feedForward, SPREAD.feedForward),
  matrix(spec, `${block}.ffn_gate`, spec.dimensions, spec.feedForward, SPREAD.feedForward),
  matrix(spec, `${block}.ffn_down`, spec.feedForward, spec.dimensions, SPREAD.feedForward),
  ...bias(spec, `${block}.ffn_down`, spec.dimensions),
];

/** Rotations: the base stands in the file, the position matrix does not. */
const rotating = (spec: ResolvedSpec, feedForward: FeedForward): ModelPlan => ({
  metadata: [
    ...encoderMetadata(spec),
    [`${spec.arch}.rope.freq_base`, { type: 'f32', value: spec.ropeBase }],
  ],
  tensors: encoderTensors(spec, feedForward),
});

export const ENCODERS = {
  /** Absolute positions, plain GELU feed-forward. */
  bert: {
    defaults: {},
    models: {
      bert: {},
      'bert-rows': { context: 2048, seed: 2 },
      'bert-bare': { biases: false, tokenTypes: false, fusedQkv: true, pooling: 'cls', seed: 3 },
    },
    plan: (spec) => ({
      metadata: encoderMetadata(spec),
      tensors: encoderTensors(spec, plainFeedForward, [
        addedRows('position_embd.weight', spec.dimensions, spec.context, SPREAD.position),
      ]),
    }),
  },
  /** Rotations in halves, plain GELU feed-forward. */
  'jina-bert-v3': {
    defaults: { heads: 2, headsKv: 2 },
    models: {
      'jina-bert-v3': {},
      'jina-bert-v3-bare': { biases: false, tokenTypes: false, heads: 4, fusedQkv: true, seed: 3 },
      'jina-bert-v3-32k': { layers: 2, context: 4096, seed: 4 },
    },
    plan: (spec) => rotating(spec, plainFeedForward),
  },
  /** Rotations in halves, one fused tensor for queries, keys and values, SwiGLU feed-forward without biases. */
  'nomic-bert': {
    defaults: { feedForward: 96, ropeBase: 1000, biases: false, fusedQkv: true },
    models: { 'nomic-bert': {} },
    plan: (spec) => rotating(spec, swiGlu),
  },
  /** Distances as a penalty on attention (ALiBi), gated GELU feed-forward; biases and token types are not optional. */
  'jina-bert-v2': {
    defaults: { feedForward: 96 },
    models: { 'jina-bert-v2': {} },
    runsInLlamaContext: true,
    plan: (spec) => {
      if (!spec.biases || !spec.tokenTypes) throw new RangeError('jina-bert-v2 needs biases and tokenTypes');
      return { metadata: encoderMetadata(spec), tensors: encoderTensors(spec, geGlu) };
    },
  },
} as const satisfies Record<string, ArchitectureEntry>;
