import { boolEntry, f32Entry, type MetadataEntry, u32Entry } from '../../gguf/index.js';
import { inexpressible, unsupportedCheckpoint } from '../invalid.js';
import type { Settings } from '../json-file.js';
import type { TensorPlan } from '../tensors.js';
import { pairMergeEntries } from '../vocabulary/pair-merges.js';
import type { Checkpoint, Conversion, ConvertedArchitecture } from './architecture.js';
import { headTensors, layersOf, Planner, poolingEntries } from './parts.js';

const ARCHITECTURE = 'gemma-embedding';

/** Every so many layers, one attends to everything. */
const PATTERN = 6;

/** EmbeddingGemma: Gemma 3 that attends both ways, with two dense layers over its pooled vector. */
export const GEMMA_EMBEDDING: ConvertedArchitecture = { modelTypes: ['gemma3_text'], convert };

async function convert(checkpoint: Checkpoint): Promise<Conversion> {
  const { config, dense, folder } = checkpoint;
  checkDefinition(checkpoint);
  const dimensions = config.whole('hidden_size');
  const headSize = config.whole('head_dim', 256);
  const key = (name: string): string => `${ARCHITECTURE}.${name}`;
  const { full, sliding } = ropeBases(config);
  if (dense.some(({ bias }) => bias)) throw inexpressible(folder, 'its dense layers have biases.');
  if (dense.length > 0 && (dense.length !== 2 || dense[1]?.outputs !== dimensions)) {
    throw inexpressible(folder, 'its dense layers are not two that lead back to its own dimensions.');
  }
  const metadata: MetadataEntry[] = [
    u32Entry(key('block_count'), layersOf(config, 'num_hidden_layers')),
    u32Entry(key('context_length'), config.whole('max_position_embeddings')),
    u32Entry(key('embedding_length'), dimensions),
    u32Entry(key('feed_forward_length'), config.whole('intermediate_size')),
    u32Entry(key('attention.head_count'), config.whole('num_attention_heads')),
    u32Entry(key('attention.head_count_kv'), config.whole('num_key_value_heads')),
    u32Entry(key('attention.key_length'), headSize),
    u32Entry(key('attention.value_length'), headSize),
    f32Entry(key('attention.layer_norm_rms_epsilon'), config.positive('rms_norm_eps', 1e-6)),
    u32Entry(key('attention.sliding_window'), config.whole('sliding_window', undefined, { min: 2 })),
    boolEntry(key('attention.causal'), false),
    f32Entry(key('rope.freq_base'), full),
    f32Entry(key('rope.freq_base_swa'), sliding),
    ...dense.flatMap(({ inputs, outputs }, i) => [
      u32Entry(key(`dense_${i + 2}_feat_in`), inputs),
      u32Entry(key(`dense_${i + 2}_feat_out`), outputs),
    ]),
    ...poolingEntries(ARCHITECTURE, checkpoint.pooling),
    ...(await pairMergeEntries(checkpoint, config.whole('vocab_size'))),
  ];
  return { architecture: ARCHITECTURE, dimensions, metadata, tensors: tensors(checkpoint) };
}

/** Newer files have both bases in `rope_parameters`. */
function ropeBases(config: Settings): { full: number; sliding: number } {
  const parameters = config.inner('rope_parameters');
  const base = (kind: string, oldKey: string, fallback: number): number =>
    parameters?.inner(kind)?.positive('rope_theta', fallback) ?? config.positive(oldKey, fallback);
  return {
    full: base('full_attention', 'rope_theta', 1_000_000),
    sliding: base('sliding_attention', 'rope_local_base_freq', 10_000),
  };
}

function checkDefinition({ folder, config }: Checkpoint): void {
  if (!config.flag('use_bidirectional_attention', false)) {
    throw unsupportedCheckpoint(folder, 'it is a Gemma 3 that attends to earlier tokens only.');
  }
  const activation = config.text('hidden_activation', 'gelu_pytorch_tanh');
  if (activation !== 'gelu_pytorch_tanh') {
    throw inexpressible(folder, `its activation is ${JSON.stringify(activation)}.`);
  }
  const headSize = config.whole('head_dim', 256);
  if (config.positive('query_pre_attn_scalar', 256) !== headSize) {
    throw inexpressible(folder, "it divides queries by another number than the root of its heads' size.");
  }
  if (config.flag('attention_bias', false)) throw inexpressible(folder, 'its attention has biases.');
  for (const key of ['attn_logit_softcapping', 'rope_scaling']) {
    if (config.get(key) !== undefined) throw inexpressible(folder, `it has ${key}.`);
  }
  for (const kind of ['full_attention', 'sliding_attention']) {
    const type = config.inner('rope_parameters')?.inner(kind)?.text('rope_type', 'default') ?? 'default';
    if (type !== 'default') throw inexpressible(folder, `its rope_type is ${JSON.stringify(type)}.`);
  }
  if (config.whole('_sliding_window_pattern', config.whole('sliding_window_pattern', PATTERN)) !== PATTERN) {
    throw inexpressible(folder, `not every ${PATTERN}th of its layers attends to everything.`);
  }
  const layers = config.get('layer_types');
  const expected = (_: unknown, i: number): string =>
    (i + 1) % PATTERN === 0 ? 'full_attention' : 'sliding_attention';
  if (layers !== undefined && config.list('layer_types').some((kind, i) => kind !== expected(kind, i))) {
    throw inexpressible(folder, `not every ${PATTERN}th of its layers attends to everything.`);
  }
}

function tensors(checkpoint: Checkpoint): TensorPlan[] {
  const { config, weights } = checkpoint;
  const plan = new Planner(weights, ['model.'], 'embed_tokens.weight');
  const [size, inner] = [config.whole('hidden_size'), config.whole('intermediate_size')];
  const headSize = config.whole('head_dim', 256);
  const queries = headSize * config.whole('num_attention_heads');
  const keys = headSize * config.whole('num_key_value_heads');
  const layers = layersOf(config, 'num_hidden_layers');
  const matrix = (name: string, from: string, rows: number, columns: number): TensorPlan =>
    plan.tensor(`${name}.weight`, `${from}.weight`, [rows, columns]);
  // Gemma multiplies by 1 + weight.
  const norm = (name: string, from: string, length: number): TensorPlan =>
    plan.tensor(`${name}.weight`, `${from}.weight`, [length], { offset: 1 });
  const plans = [
    matrix('token_embd', 'embed_tokens', config.whole('vocab_size'), size),
    norm('output_norm', 'norm', size),
  ];
  for (let i = 0; i < layers; i += 1) {
    const [to, from] = [`blk.${i}`, `layers.${i}`];
    plans.push(
      norm(`${to}.attn_norm`, `${from}.input_layernorm`, size),
      matrix(`${to}.attn_q`, `${from}.self_attn.q_proj`, queries, size),
      matrix(`${to}.attn_k`, `${from}.self_attn.k_proj`, keys, size),
      matrix(`${to}.attn_v`, `${from}.self_attn.v_proj`, keys, size),
      norm(`${to}.attn_q_norm`, `${from}.self_attn.q_norm`, headSize),
      norm(`${to}.attn_k_norm`, `${from}.self_attn.k_norm`, headSize),
      matrix(`${to}.attn_output`, `${from}.self_attn.o_proj`, size, queries),
      norm(`${to}.post_attention_norm`, `${from}.post_attention_layernorm`, size),
      norm(`${to}.ffn_norm`, `${from}.pre_feedforward_layernorm`, size),
      matrix(`${to}.ffn_gate`, `${from}.mlp.gate_proj`, inner, size),
      matrix(`${to}.ffn_up`, `${from}.mlp.up_proj`, inner, size),
      matrix(`${to}.ffn_down`, `${from}.mlp.down_proj`, size, inner),
      norm(`${to}.post_ffw_norm`, `${from}.post_feedforward_layernorm`, size),
    );
  }
  return [...plans, ...headTensors(checkpoint, size)];
}
