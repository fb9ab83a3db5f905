/** Mutations of the keys under the architecture's name. */
import type { MetadataEntry } from '../../lib/gguf/format.js';
import { EDGES, FLOATS } from './edges.js';
import { i32Array, type Pieces, u32, u64 } from './pieces.js';
import type { Random } from './random.js';

/** Keys after the architecture's name that only some architectures have: any file may carry one. */
const ARCHITECTURE_KEYS: readonly string[] = [
  'attention.sliding_window',
  'attention.sliding_window_pattern',
  'attention.causal',
  'attention.key_length',
  'attention.value_length',
  'attention.relative_buckets_count',
  'attention.max_alibi_bias',
  'attention.head_count_kv',
  'attention.scale',
  'attn_logit_softcapping',
  'rope.freq_base_swa',
  'rope.freq_base',
  'rope.dimension_count',
  'rope.dimension_sections',
  'dense_2_feat_in',
  'dense_3_feat_out',
  'decoder_block_count',
  'expert_count',
  'expert_used_count',
  'expert_feed_forward_length',
  'expert_gating_func',
  'moe_every_n_layers',
  'pooling_type',
  'use_parallel_residual',
];

/** Keys that have a number for all layers, or an array of one a layer. */
const LAYER_KEYS: readonly string[] = [
  'feed_forward_length',
  'attention.head_count',
  'attention.head_count_kv',
  'expert_used_count',
];

const architectureOf = ({ metadata }: Pieces): string =>
  Buffer.from(metadata.find(({ key }) => key === 'general.architecture')?.bytes.subarray(8) ?? []).toString();

/** In place of the file's own, where it has one. */
function put({ metadata }: Pieces, entry: MetadataEntry): void {
  const own = metadata.findIndex(({ key }) => key === entry.key);
  if (own < 0) metadata.push(entry);
  else metadata[own] = entry;
}

/** Gives the file a key, of any value, that its architecture may not have. */
export function putArchitectureKey(pieces: Pieces, random: Random): void {
  const key = `${architectureOf(pieces)}.${random.pick(ARCHITECTURE_KEYS)}`;
  put(pieces, { key, ...anyValue(random) });
}

/** Gives each layer the model's own number, and one of them perhaps another. */
export function putByLayer(pieces: Pieces, random: Random): void {
  const architecture = architectureOf(pieces);
  const own = (name: string): number => {
    const entry = pieces.metadata.find(({ key }) => key === `${architecture}.${name}`);
    return entry?.type === 'u32' ? Buffer.from(entry.bytes).readUInt32LE() : 1;
  };
  const name = random.pick(LAYER_KEYS);
  const numbers = new Array<number>(own('block_count')).fill(own(name));
  const layer = random.below(numbers.length);
  const number = numbers[layer] ?? 0;
  numbers[layer] = random.pick([number, number + 1, number - 1, Number(random.pick(EDGES) & 0xffffffffn)]);
  put(pieces, { key: `${architecture}.${name}`, type: 'array', bytes: i32Array(numbers) });
}

function anyValue(random: Random): Omit<MetadataEntry, 'key'> {
  const number = Buffer.alloc(4);
  number.writeFloatLE(random.pick(FLOATS));
  const whole = Number(random.pick(EDGES) & 0xffffffffn);
  return random.pick([
    { type: 'u32' as const, bytes: u32(whole) },
    { type: 'u32' as const, bytes: u32(random.below(16)) },
    { type: 'f32' as const, bytes: number },
    { type: 'bool' as const, bytes: Buffer.from([random.below(2)]) },
    { type: 'array' as const, bytes: Buffer.concat([u32(4), u64(2n), u32(random.below(4)), u32(whole)]) },
    { type: 'array' as const, bytes: Buffer.concat([u32(7), u64(3n), Buffer.from([1, 0, 1])]) },
  ]);
}
