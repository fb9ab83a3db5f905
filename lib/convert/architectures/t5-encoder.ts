import { boolEntry, f32Entry, type MetadataEntry, u32Entry } from '../../gguf/index.js';
import { inexpressible } from '../invalid.js';
import type { TensorPlan } from '../tensors.js';
import { unigramEntries } from '../vocabulary/unigram.js';
import type { Checkpoint, Conversion, ConvertedArchitecture } from './architecture.js';
import { headTensors, layersOf, Planner, poolingEntries } from './parts.js';

const ARCHITECTURE = 't5encoder';

/** The only distance from which the biases no longer grow that llama.cpp knows. */
const MAX_DISTANCE = 128;

/** T5 has no limit of its own; this is what it was trained with. */
const CONTEXT = 512;

/** T5's encoder with the dense layer over its pooled vector: GTR, Sentence-T5. */
export const T5_ENCODER: ConvertedArchitecture = { modelTypes: ['t5'], convert };

async function convert(checkpoint: Checkpoint): Promise<Conversion> {
  const { config } = checkpoint;
  checkDefinition(checkpoint);
  const dimensions = config.whole('d_model');
  const epsilon = config.positive('layer_norm_epsilon', 1e-6);
  const key = (name: string): string => `${ARCHITECTURE}.${name}`;
  const metadata: MetadataEntry[] = [
    u32Entry(key('block_count'), layersOf(config, 'num_layers')),
    u32Entry(key('context_length'), config.whole('n_positions', CONTEXT)),
    u32Entry(key('embedding_length'), dimensions),
    u32Entry(key('feed_forward_length'), config.whole('d_ff')),
    u32Entry(key('attention.head_count'), config.whole('num_heads')),
    u32Entry(key('attention.key_length'), config.whole('d_kv')),
    u32Entry(key('attention.value_length'), config.whole('d_kv')),
    f32Entry(key('attention.layer_norm_epsilon'), epsilon),
    f32Entry(key('attention.layer_norm_rms_epsilon'), epsilon),
    u32Entry(key('attention.relative_buckets_count'), config.whole('relative_attention_num_buckets', 32)),
    boolEntry(key('attention.causal'), false),
    ...poolingEntries(ARCHITECTURE, checkpoint.pooling),
    ...(await unigramEntries(checkpoint, config.whole('vocab_size'))),
  ];
  return { architecture: ARCHITECTURE, dimensions, metadata, tensors: tensors(checkpoint) };
}

function isGated({ config }: Checkpoint): boolean {
  return config.text('feed_forward_proj', 'relu').startsWith('gated-');
}

function checkDefinition({ folder, config }: Checkpoint): void {
  const feedForward = config.text('feed_forward_proj', 'relu');
  if (feedForward !== 'relu' && feedForward !== 'gated-gelu') {
    throw inexpressible(folder, `its feed_forward_proj is ${JSON.stringify(feedForward)}.`);
  }
  const expected = feedForward === 'relu' ? 'relu' : 'gelu_new';
  const activation = config.text('dense_act_fn', expected);
  if (activation !== expected)
    throw inexpressible(folder, `its activation is ${JSON.stringify(activation)}.`);
  const distance = config.whole('relative_attention_max_distance', MAX_DISTANCE);
  if (distance !== MAX_DISTANCE) {
    throw inexpressible(folder, `its relative_attention_max_distance is ${distance}, not ${MAX_DISTANCE}.`);
  }
}

function tensors(checkpoint: Checkpoint): TensorPlan[] {
  const { config, weights } = checkpoint;
  const plan = new Planner(weights, ['model.'], 'encoder.final_layer_norm.weight');
  const [size, inner, heads] = [config.whole('d_model'), config.whole('d_ff'), config.whole('num_heads')];
  const width = heads * config.whole('d_kv');
  const buckets = config.whole('relative_attention_num_buckets', 32);
  const layers = layersOf(config, 'num_layers');
  const matrix = (name: string, from: string, rows: number, columns: number): TensorPlan =>
    plan.tensor(`${name}.weight`, `${from}.weight`, [rows, columns]);
  const embedding = plan.has('shared.weight') ? 'shared' : 'encoder.embed_tokens';
  const plans = [
    matrix('token_embd', embedding, config.whole('vocab_size'), size),
    plan.tensor('enc.output_norm.weight', 'encoder.final_layer_norm.weight', [size]),
  ];
  for (let i = 0; i < layers; i += 1) {
    const to = `enc.blk.${i}`;
    const [attention, feedForward] = [`encoder.block.${i}.layer.0`, `encoder.block.${i}.layer.1`];
    const bias = `${attention}.SelfAttention.relative_attention_bias.weight`;
    plans.push(
      plan.tensor(`${to}.attn_norm.weight`, `${attention}.layer_norm.weight`, [size]),
      matrix(`${to}.attn_q`, `${attention}.SelfAttention.q`, width, size),
      matrix(`${to}.attn_k`, `${attention}.SelfAttention.k`, width, size),
      matrix(`${to}.attn_v`, `${attention}.SelfAttention.v`, width, size),
      matrix(`${to}.attn_o`, `${attention}.SelfAttention.o`, size, width),
      // The first layer's are those of all layers.
      ...(i === 0 ? [plan.tensor(`${to}.attn_rel_b.weight`, bias, [buckets, heads], { exact: true })] : []),
      plan.tensor(`${to}.ffn_norm.weight`, `${feedForward}.layer_norm.weight`, [size]),
      ...(isGated(checkpoint)
        ? [
            matrix(`${to}.ffn_gate`, `${feedForward}.DenseReluDense.wi_0`, inner, size),
            matrix(`${to}.ffn_up`, `${feedForward}.DenseReluDense.wi_1`, inner, size),
          ]
        : [matrix(`${to}.ffn_up`, `${feedForward}.DenseReluDense.wi`, inner, size)]),
      matrix(`${to}.ffn_down`, `${feedForward}.DenseReluDense.wo`, size, inner),
    );
  }
  return [...plans, ...headTensors(checkpoint, size)];
}
