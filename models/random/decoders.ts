/** Language models and the embedding models made from them: RMS norm before each half layer, grouped keys and values, SwiGLU. */
import type { ArchitectureEntry, ResolvedSpec } from './model-spec.js';
import type { Metadata, TensorPlan } from './gguf.js';
import { attentionInputs, bias, commonMetadata, matrix, rmsNorm, SPREAD, tokenEmbedding } from './parts.js';
import { byteLevelMetadata, sentencePieceMetadata } from './vocabularies.js';

interface DecoderTensors {
  /** Whether the attention's output and the feed-forward may have biases; queries, keys and values have them wherever the spec says so. */
  biasedOutputs?: boolean;
  /** Whether each head of queries and keys is normalised. */
  headNorms?: boolean;
}

function decoderTensors(
  spec: ResolvedSpec,
  { biasedOutputs = false, headNorms = false }: DecoderTensors,
): TensorPlan[] {
  const { dimensions, feedForward } = spec;
  const biasOf = (name: string, size: number): TensorPlan[] => (biasedOutputs ? bias(spec, name, size) : []);
  const headNorm = (name: string): TensorPlan[] => (headNorms ? rmsNorm(name, spec.headSize) : []);
  const tensors: TensorPlan[] = [tokenEmbedding(spec), ...rmsNorm('output_norm', dimensions)];
  for (let layer = 0; layer < spec.layers; layer += 1) {
    const block = `blk.${layer}`;
    tensors.push(
      ...rmsNorm(`${block}.attn_norm`, dimensions),
      ...attentionInputs(spec, block),
      ...headNorm(`${block}.attn_q_norm`),
      ...headNorm(`${block}.attn_k_norm`),
      matrix(spec, `${block}.attn_output`, spec.heads * spec.headSize, dimensions, SPREAD.attentionOutput),
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
function decoderMetadata(spec: ResolvedSpec, normEpsilon: number): Metadata {
  return [
    ...commonMetadata(spec),
    ...(spec.causal ? [] : ([[`${spec.arch}.attention.causal`, { type: 'bool', value: false }]] as const)),
    [`${spec.arch}.attention.layer_norm_rms_epsilon`, { type: 'f32', value: normEpsilon }],
  ];
}

/** Norms before and after each half layer. */
function gemmaTensors(spec: ResolvedSpec): TensorPlan[] {
  const afterwards = Array.from({ length: spec.layers }, (_, layer) =>
    ['post_attention_norm', 'post_ffw_norm'].flatMap((name) =>
      rmsNorm(`blk.${layer}.${name}`, spec.dimensions),
    ),
  );
  // The embedding is multiplied by √dimensions.
  const shrunk = (plan: TensorPlan): TensorPlan => ({
    ...plan,
    draws: plan.draws.map((draw) => ({
      ...draw,
      deviation: draw.deviation / Math.sqrt(spec.dimensions),
      ...(draw.shared !== undefined && { shared: draw.shared / Math.sqrt(spec.dimensions) }),
    })),
  });
  const tensors = decoderTensors(spec, { headNorms: true });
  const [embedding, ...others] = tensors;
  return [...(embedding === undefined ? [] : [shrunk(embedding)]), ...others, ...afterwards.flat()];
}

/** The dense layers after pooling, in sizes and as metadata. */
function gemmaHead({ arch, head, dimensions }: ResolvedSpec): Metadata {
  if (head === 0) return [];
  return Object.entries({
    dense_2_feat_in: dimensions,
    dense_2_feat_out: head,
    dense_3_feat_in: head,
    dense_3_feat_out: dimensions,
  }).map(([key, value]) => [`${arch}.${key}`, { type: 'u32', value }] as const);
}

export const DECODERS = {
  /** Llama and Mistral: interleaved rotations, biases nowhere or everywhere, a SentencePiece vocabulary. */
  llama: {
    isDecoder: true,
    defaults: { headsKv: 2, feedForward: 160, pooling: 'last', biases: false, causal: true },
    models: {
      llama: {},
      'llama-biases': { biases: true, headsKv: 4, pooling: 'mean', addEos: false, seed: 3 },
      'llama-32k': { layers: 2, heads: 2, headsKv: 1, context: 4096, seed: 4 },
      'llama-text': { pooling: null, addEos: false, seed: 5 },
    },
    plan: (spec) => ({
      metadata: [
        ...decoderMetadata(spec, 1e-5),
        ['llama.rope.dimension_count', { type: 'u32', value: spec.headSize }],
        ['llama.rope.freq_base', { type: 'f32', value: spec.ropeBase }],
        ['llama.vocab_size', { type: 'u32', value: spec.vocabulary }],
        ...sentencePieceMetadata(spec.vocabulary, spec),
      ],
      tensors: decoderTensors(spec, { biasedOutputs: true }),
    }),
  },
  /** Rotations in halves (NeoX order), biases on queries, keys and values only, a byte-level BPE vocabulary. */
  qwen2: {
    isDecoder: true,
    defaults: { headsKv: 2, feedForward: 160, pooling: 'last', ropeBase: 1_000_000, causal: true },
    models: { qwen2: {}, 'qwen2-bidirectional': { causal: false, pooling: 'mean', seed: 3 } },
    plan: (spec) => ({
      metadata: [
        ...decoderMetadata(spec, 1e-6),
        ['qwen2.rope.freq_base', { type: 'f32', value: spec.ropeBase }],
        ...byteLevelMetadata(spec.vocabulary, { addEos: spec.addEos }),
      ],
      tensors: decoderTensors(spec, {}),
    }),
  },
  /** Rotations in halves, a norm over each head of queries and keys, heads wider than dimensions / heads, no biases. */
  qwen3: {
    isDecoder: true,
    defaults: {
      headsKv: 2,
      headSize: 32,
      feedForward: 160,
      pooling: 'last',
      ropeBase: 1_000_000,
      biases: false,
      causal: true,
    },
    models: { qwen3: {} },
    plan: (spec) => ({
      metadata: [
        ...decoderMetadata(spec, 1e-6),
        ['qwen3.rope.freq_base', { type: 'f32', value: spec.ropeBase }],
        ...byteLevelMetadata(spec.vocabulary, { addEos: spec.addEos }),
      ],
      tensors: decoderTensors(spec, { headNorms: true }),
    }),
  },
  /** Gemma 3 that attends both ways: layers 5, 11, … to everything, the others through a window and with a base of their own. */
  'gemma-embedding': {
    isDecoder: true,
    defaults: {
      layers: 7,
      headsKv: 1,
      headSize: 32,
      heads: 3,
      feedForward: 96,
      ropeBase: 1_000_000,
      biases: false,
    },
    models: { 'gemma-embedding': {}, 'gemma-embedding-head': { head: 160, window: 40, seed: 3 } },
    plan: (spec) => ({
      metadata: [
        ...commonMetadata(spec),
        ['gemma-embedding.attention.layer_norm_rms_epsilon', { type: 'f32', value: 1e-6 }],
        ['gemma-embedding.attention.sliding_window', { type: 'u32', value: spec.window }],
        ['gemma-embedding.rope.freq_base', { type: 'f32', value: spec.ropeBase }],
        ...gemmaHead(spec),
        ...sentencePieceMetadata(spec.vocabulary, spec),
      ],
      tensors: [
        ...gemmaTensors(spec),
        ...(spec.head === 0
          ? []
          : [
              matrix(spec, 'dense_2', spec.dimensions, spec.head, SPREAD.feedForward),
              matrix(spec, 'dense_3', spec.head, spec.dimensions, SPREAD.feedForward),
            ]),
      ],
    }),
  },
} as const satisfies Record<string, ArchitectureEntry>;
