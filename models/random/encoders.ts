/**
 * The BERT family: norm after each half layer, a WordPiece vocabulary, no causality. The architectures differ in how they
 * know positions, and in the feed-forward.
 */
import type { ArchitectureEntry, ResolvedSpec } from './model-spec.js';
import type { Metadata, ModelPlan, TensorPlan } from './gguf.js';
import {
  addedMatrix,
  addedRows,
  attentionInputs,
  bias,
  commonMetadata,
  layerNorm,
  matrix,
  mixtureOfExperts,
  rmsNorm,
  SPREAD,
  tokenEmbedding,
} from './parts.js';
import { byteLevelMetadata, wordPieceMetadata } from './vocabularies.js';

const TOKEN_TYPES = 2;
const NORM_EPSILON = 1e-12;

/** A layer's feed-forward tensors; what distinguishes the architectures. */
type FeedForward = (spec: ResolvedSpec, block: string, layer: number) => TensorPlan[];

/** Up, GELU, down, with biases where the spec has them. */
const plainFeedForward: FeedForward = (spec, block) => [
  matrix(spec, `${block}.ffn_up`, spec.dimensions, spec.feedForward, SPREAD.feedForward),
  ...bias(spec, `${block}.ffn_up`, spec.feedForward),
  addedMatrix(spec, `${block}.ffn_down`, spec.feedForward, SPREAD.feedForward),
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
      addedMatrix(spec, `${block}.attn_output`, dimensions, SPREAD.attentionOutput),
      ...bias(spec, `${block}.attn_output`, dimensions),
      ...layerNorm(`${block}.attn_output_norm`, dimensions),
      ...feedForward(spec, block, layer),
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

/** Mixtures of experts in every second layer. */
const mixed: FeedForward = (spec, block, layer) =>
  spec.experts > 0 && layer % 2 === 1 ? mixtureOfExperts(spec, block) : plainFeedForward(spec, block, layer);

const geGlu: FeedForward = (spec, block) => [
  ...(spec.gate === 'separate'
    ? [
        matrix(spec, `${block}.ffn_up`, spec.dimensions, spec.feedForward, SPREAD.feedForward),
        matrix(spec, `${block}.ffn_gate`, spec.dimensions, spec.feedForward, SPREAD.feedForward),
      ]
    : [matrix(spec, `${block}.ffn_up`, spec.dimensions, 2 * spec.feedForward, SPREAD.feedForward)]),
  matrix(spec, `${block}.ffn_down`, spec.feedForward, spec.dimensions, SPREAD.feedForward),
  ...bias(spec, `${block}.ffn_down`, spec.dimensions),
];

/** The norms that jina-bert-v2's models for code and for two languages have beside the others. */
const furtherNorms = ({ layers, dimensions, gate }: ResolvedSpec): TensorPlan[] =>
  gate !== 'up-first'
    ? []
    : Array.from({ length: layers }, (_, layer) =>
        ['attn_q_norm', 'attn_k_norm', 'attn_norm_2'].flatMap((name) =>
          layerNorm(`blk.${layer}.${name}`, dimensions),
        ),
      ).flat();

/** ModernBERT: a norm before each half layer, no biases anywhere, gate and up in one matrix, no norm before layer 0's attention. */
function modernTensors(spec: ResolvedSpec): TensorPlan[] {
  const { dimensions, feedForward } = spec;
  const tensors = [
    tokenEmbedding(spec),
    ...rmsNorm('token_embd_norm', dimensions),
    ...rmsNorm('output_norm', dimensions),
  ];
  for (let layer = 0; layer < spec.layers; layer += 1) {
    const block = `blk.${layer}`;
    tensors.push(
      ...(layer === 0 ? [] : rmsNorm(`${block}.attn_norm`, dimensions)),
      ...attentionInputs(spec, block),
      matrix(spec, `${block}.attn_output`, dimensions, dimensions, SPREAD.attentionOutput),
      ...rmsNorm(`${block}.ffn_norm`, dimensions),
      matrix(spec, `${block}.ffn_up`, dimensions, 2 * feedForward, SPREAD.feedForward),
      matrix(spec, `${block}.ffn_down`, feedForward, dimensions, SPREAD.feedForward),
    );
  }
  return tensors;
}

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
  /** Rotations in halves, one fused tensor for queries, keys and values, mixtures of experts in every second layer. */
  'nomic-bert-moe': {
    defaults: { feedForward: 96, fusedQkv: true, experts: 8 },
    // seeds of which no expert is chosen by a hair (test/oracle/architectures/nomic_bert_moe.py)
    models: {
      'nomic-bert-moe': { seed: 2 },
      'nomic-bert-moe-few': { experts: 3, expertsUsed: 1, fusedQkv: false, pooling: 'cls', seed: 3 },
    },
    plan: (spec) => {
      const { metadata, tensors } = rotating(spec, mixed);
      const numbers = {
        expert_count: spec.experts,
        expert_used_count: spec.expertsUsed,
        moe_every_n_layers: 2,
      };
      const keys = Object.entries(numbers).map(
        ([key, value]) => [`nomic-bert-moe.${key}`, { type: 'u32', value }] as const,
      );
      return { metadata: [...metadata, ...keys], tensors };
    },
  },
  /** Distances as a penalty on attention (ALiBi), gated GELU feed-forward; biases and token types are not optional. */
  'jina-bert-v2': {
    byDistance: true,
    defaults: { feedForward: 96 },
    models: {
      'jina-bert-v2': {},
      'jina-bert-v2-gate-first': { gate: 'gate-first', heads: 6, dimensions: 96, seed: 3 },
      'jina-bert-v2-code': { gate: 'up-first', seed: 4 },
    },
    plan: (spec) => {
      if (!spec.biases || !spec.tokenTypes) throw new RangeError('jina-bert-v2 needs biases and tokenTypes');
      return {
        metadata: encoderMetadata(spec),
        tensors: [...encoderTensors(spec, geGlu), ...furtherNorms(spec)],
      };
    },
  },
  /** Layers 0, 3, 6 … attend to everything, the others through a window and with a base of their own; a byte-level BPE vocabulary. */
  'modern-bert': {
    defaults: {
      layers: 5,
      heads: 2,
      headsKv: 2,
      ropeBase: 160_000,
      biases: false,
      fusedQkv: true,
      tokenTypes: false,
    },
    models: {
      'modern-bert': {},
      'modern-bert-silu': { window: 130, heads: 4, gated: true, pooling: 'cls', seed: 3 },
    },
    plan: (spec) => ({
      metadata: [
        ...commonMetadata(spec),
        ['modern-bert.attention.layer_norm_epsilon', { type: 'f32', value: 1e-5 }],
        ['modern-bert.attention.causal', { type: 'bool', value: false }],
        ['modern-bert.attention.sliding_window', { type: 'u32', value: spec.window }],
        ['modern-bert.attention.sliding_window_pattern', { type: 'u32', value: 3 }],
        ['modern-bert.rope.freq_base', { type: 'f32', value: spec.ropeBase }],
        ['modern-bert.rope.scaling.type', { type: 'string', value: 'none' }],
        ['modern-bert.vocab_size', { type: 'u32', value: spec.vocabulary }],
        // The original has GELU; granite's smallest has SiLU.
        ['modern-bert.hidden_activation', { type: 'string', value: spec.gated ? 'silu' : 'gelu' }],
        ...byteLevelMetadata(spec.vocabulary, spec),
      ],
      tensors: modernTensors(spec),
    }),
  },
} as const satisfies Record<string, ArchitectureEntry>;
