import { boolEntry, f32Entry, type MetadataEntry, u32Entry } from '../../gguf/index.js';
import { inexpressible, invalidCheckpoint } from '../invalid.js';
import type { TensorPlan } from '../tensors.js';
import { wordPieceEntries } from '../vocabulary/wordpiece.js';
import type { Checkpoint, Conversion, ConvertedArchitecture } from './architecture.js';
import { layersOf, Planner, poolingEntries, refuseHead } from './parts.js';

const POSITIONS = 'embeddings.position_embeddings.weight';

/** Of LLaMA and E5-RoPE, whose configuration may leave it out. */
const ROPE_BASE = 10_000;

/** BERT with a matrix of positions: E5, GTE, BGE, Contriever, MiniLM, mxbai. */
export const BERT: ConvertedArchitecture = {
  modelTypes: ['bert'],
  takes: (checkpoint) => plannerOf(checkpoint).has(POSITIONS),
  convert: (checkpoint) => convert(checkpoint, 'bert'),
};

/**
 * BERT without one, whose attention rotates halves of each head (E5-RoPE-Base). Source: modeling_e5rope.py of
 * github.com/dwzhu-pku/LongEmbed. llama.cpp has a graph for it under the name of another model.
 */
export const ROTARY_BERT: ConvertedArchitecture = {
  modelTypes: ['bert', 'e5rope'],
  convert: (checkpoint) => convert(checkpoint, 'jina-bert-v3'),
};

function plannerOf({ weights }: Checkpoint): Planner {
  return new Planner(weights, ['bert.', 'e5rope.', 'model.'], 'embeddings.word_embeddings.weight');
}

async function convert(checkpoint: Checkpoint, architecture: 'bert' | 'jina-bert-v3'): Promise<Conversion> {
  const { config } = checkpoint;
  checkDefinition(checkpoint, architecture);
  refuseHead(checkpoint);
  const dimensions = config.whole('hidden_size');
  const heads = config.whole('num_attention_heads');
  if (dimensions % heads !== 0) {
    throw config.wrong('num_attention_heads', `it must divide hidden_size, ${dimensions}`);
  }
  const vocabulary = config.whole('vocab_size');
  const key = (name: string): string => `${architecture}.${name}`;
  const metadata: MetadataEntry[] = [
    u32Entry(key('block_count'), layersOf(config, 'num_hidden_layers')),
    u32Entry(key('context_length'), config.whole('max_position_embeddings')),
    u32Entry(key('embedding_length'), dimensions),
    u32Entry(key('feed_forward_length'), config.whole('intermediate_size')),
    u32Entry(key('attention.head_count'), heads),
    f32Entry(key('attention.layer_norm_epsilon'), config.positive('layer_norm_eps', 1e-12)),
    boolEntry(key('attention.causal'), false),
    ...(architecture === 'bert'
      ? []
      : [f32Entry(key('rope.freq_base'), config.positive('rope_theta', ROPE_BASE))]),
    ...poolingEntries(architecture, checkpoint.pooling),
    ...(await wordPieceEntries(checkpoint, vocabulary)),
    u32Entry('tokenizer.ggml.token_type_count', config.whole('type_vocab_size', 2)),
  ];
  return { architecture, dimensions, metadata, tensors: tensors(checkpoint, architecture === 'bert') };
}

/** What the graphs take for granted. */
function checkDefinition({ folder, config, weights }: Checkpoint, architecture: string): void {
  const activation = config.text('hidden_act', 'gelu');
  if (activation !== 'gelu') throw inexpressible(folder, `its activation is ${JSON.stringify(activation)}.`);
  if (config.flag('is_decoder', false)) throw inexpressible(folder, 'it is a decoder (is_decoder).');
  const positions = config.text('position_embedding_type', 'absolute');
  const known = architecture === 'bert' ? ['absolute'] : ['absolute', 'rope', 'rotary'];
  if (!known.includes(positions)) {
    throw inexpressible(folder, `its position_embedding_type is ${JSON.stringify(positions)}.`);
  }
  if (
    architecture !== 'bert' &&
    config.text('model_type', '') === 'bert' &&
    config.get('position_embedding_type') === 'absolute'
  ) {
    throw invalidCheckpoint(
      folder,
      `config.json says "position_embedding_type": "absolute", and its weights have no ${POSITIONS}: a file is missing, or the index is incomplete.`,
    );
  }
  if (config.flag('rotary_value', false))
    throw inexpressible(folder, 'it rotates values too (rotary_value).');
  if (config.get('rope_scaling') !== undefined)
    throw inexpressible(folder, 'it scales its rotations (rope_scaling).');
  if (config.whole('embedding_size', config.whole('hidden_size')) !== config.whole('hidden_size')) {
    throw inexpressible(folder, 'its embeddings are of another size than its layers (embedding_size).');
  }
  if (weights.names.some((name) => name.includes('lora_') || name.includes('crossattention'))) {
    throw inexpressible(folder, 'it has adapters or attention to another sequence.');
  }
  if (weights.names.some((name) => name.includes('distance_embedding'))) {
    throw invalidCheckpoint(folder, 'its weights have biases by distance, but config.json does not say so.');
  }
}

function tensors(checkpoint: Checkpoint, hasPositions: boolean): TensorPlan[] {
  const { config } = checkpoint;
  const plan = plannerOf(checkpoint);
  const size = config.whole('hidden_size');
  const inner = config.whole('intermediate_size');
  const layers = layersOf(config, 'num_hidden_layers');
  const plans = [
    plan.tensor('token_embd.weight', 'embeddings.word_embeddings.weight', [config.whole('vocab_size'), size]),
    plan.tensor(
      'token_types.weight',
      'embeddings.token_type_embeddings.weight',
      [config.whole('type_vocab_size', 2), size],
      { exact: true },
    ),
    ...(hasPositions
      ? [
          plan.tensor('position_embd.weight', POSITIONS, [config.whole('max_position_embeddings'), size], {
            exact: true,
          }),
        ]
      : []),
    ...plan.layerNorm('token_embd_norm', 'embeddings.LayerNorm', size),
  ];
  for (let i = 0; i < layers; i += 1) {
    const [to, from] = [`blk.${i}`, `encoder.layer.${i}`];
    plans.push(
      ...plan.linear(`${to}.attn_q`, `${from}.attention.self.query`, size, size),
      ...plan.linear(`${to}.attn_k`, `${from}.attention.self.key`, size, size),
      ...plan.linear(`${to}.attn_v`, `${from}.attention.self.value`, size, size),
      ...plan.linear(`${to}.attn_output`, `${from}.attention.output.dense`, size, size),
      ...plan.layerNorm(`${to}.attn_output_norm`, `${from}.attention.output.LayerNorm`, size),
      ...plan.linear(`${to}.ffn_up`, `${from}.intermediate.dense`, inner, size),
      ...plan.linear(`${to}.ffn_down`, `${from}.output.dense`, size, inner),
      ...plan.layerNorm(`${to}.layer_output_norm`, `${from}.output.LayerNorm`, size),
    );
  }
  return plans;
}
