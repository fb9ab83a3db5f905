/** Model files that are not what their own architecture requires: what the error names. */
import { text } from '../mutation/pieces.js';
import { type Case, number, put, real, refuses, tensor, without } from './model-files.js';

refuses([
  [
    'more experts in use than there are',
    'llama',
    number('llama.expert_used_count', 2),
    '"llama.expert_used_count" is 2',
  ],
  ...(['nomic-bert-moe', 'qwen3'] as const).map((model): Case => [
    `experts of which none is in use (${model})`,
    model,
    (pieces) => {
      number(`${model}.expert_count`, 8)(pieces);
      without(`${model}.expert_used_count`)(pieces);
    },
    `"${model}.expert_count" is 8: "expert_used_count" is missing or 0`,
  ]),
  [
    'no expert in use',
    'nomic-bert-moe',
    number('nomic-bert-moe.expert_used_count', 0),
    '"nomic-bert-moe.expert_used_count" is 0',
  ],
  [
    'mixtures without experts',
    'nomic-bert-moe',
    (pieces) => {
      without('nomic-bert-moe.expert_count')(pieces);
      without('nomic-bert-moe.expert_used_count')(pieces);
    },
    'no key "nomic-bert-moe.expert_count"',
  ],
  [
    'another number of experts than its tensors have',
    'nomic-bert-moe',
    number('nomic-bert-moe.expert_count', 6),
    'tensor "blk.1.ffn_gate_inp.weight" is 64 × 8 numbers; by the file\'s own sizes it must be 64 × 6',
  ],
  [
    'mixtures in other layers than its tensors say',
    'nomic-bert-moe',
    number('nomic-bert-moe.moe_every_n_layers', 3),
    'no tensor "blk.3.ffn_up.weight"',
  ],
  [
    'no mixtures though it has their tensors',
    'nomic-bert-moe',
    without('nomic-bert-moe.moe_every_n_layers'),
    'no tensor "blk.1.ffn_up.weight"',
  ],
  [
    'as many groups as experts',
    'nomic-bert-moe',
    number('nomic-bert-moe.expert_group_count', 8),
    '"nomic-bert-moe.expert_group_count" is 8',
  ],
  [
    'groups of which none is used',
    'nomic-bert-moe',
    number('nomic-bert-moe.expert_group_count', 4),
    'no key "nomic-bert-moe.expert_group_used_count"',
  ],
  [
    'no buckets',
    't5encoder',
    without('t5encoder.attention.relative_buckets_count'),
    'no key "t5encoder.attention.relative_buckets_count"',
  ],
  [
    'too few buckets',
    't5encoder',
    number('t5encoder.attention.relative_buckets_count', 3),
    '"t5encoder.attention.relative_buckets_count" is 3',
  ],
  [
    'more buckets than biases',
    't5encoder',
    number('t5encoder.attention.relative_buckets_count', 64),
    '"enc.blk.0.attn_rel_b.weight" is 4 × 32 numbers',
  ],
  [
    'no biases by distance',
    't5encoder',
    (pieces) => void (tensor(pieces, 'enc.blk.0.attn_rel_b.weight').name = 'enc.blk.0.attn_rel_x.weight'),
    'enc.blk.0.attn_rel_',
  ],
  [
    'shared keys where heads have their own',
    't5encoder',
    number('t5encoder.attention.head_count_kv', 2),
    '"t5encoder.attention.head_count_kv" is 2',
  ],
  [
    'values of another size',
    't5encoder',
    number('t5encoder.attention.value_length', 16),
    '"t5encoder.attention.value_length" is 16',
  ],
  [
    'a window of one token',
    'modern-bert',
    number('modern-bert.attention.sliding_window', 1),
    '"modern-bert.attention.sliding_window" is 1',
  ],
  [
    'a window without end',
    'modern-bert',
    number('modern-bert.attention.sliding_window', 2 ** 31),
    '"modern-bert.attention.sliding_window" is 2.14748365e+09',
  ],
  [
    'a local base of NaN',
    'modern-bert',
    real('modern-bert.rope.freq_base_swa', NaN),
    '"modern-bert.rope.freq_base_swa" is infinite or no number',
  ],
  [
    'an unknown activation',
    'modern-bert',
    put('modern-bert.hidden_activation', 'string', text('tanh')),
    '"modern-bert.hidden_activation" is "tanh"',
  ],
  [
    'shared keys in the same',
    'modern-bert',
    number('modern-bert.attention.head_count_kv', 1),
    '"modern-bert.attention.head_count_kv" is 1',
  ],
  [
    'a gate and up of one width',
    'modern-bert',
    number('modern-bert.feed_forward_length', 256),
    '"blk.0.ffn_up.weight" is 64 × 256 numbers',
  ],
  [
    'no window',
    'gemma-embedding',
    number('gemma-embedding.attention.sliding_window', 0),
    '"gemma-embedding.attention.sliding_window" is 0',
  ],
  [
    'a dense layer of another width',
    'gemma-embedding',
    number('gemma-embedding.dense_2_feat_in', 32),
    '"gemma-embedding.dense_2_feat_in" is 32',
  ],
  [
    'local keys of another size',
    'gemma-embedding',
    number('gemma-embedding.attention.key_length_swa', 16),
    '"gemma-embedding.attention.key_length_swa" is 16',
  ],
  [
    'a norm of queries of another size',
    'gemma-embedding',
    number('gemma-embedding.attention.key_length', 16),
    'gemma-embedding.',
  ],
  [
    'half a rotation',
    'qwen3',
    number('qwen3.rope.dimension_count', 16),
    '"qwen3.rope.dimension_count" is 16',
  ],
  [
    'no norm of keys',
    'qwen3',
    (pieces) => void (tensor(pieces, 'blk.0.attn_k_norm.weight').name = 'blk.0.attn_x_norm.weight'),
    'blk.0.attn_',
  ],
  [
    'heads that do not fill the width',
    'jina-bert-v2',
    number('jina-bert-v2.attention.key_length', 32),
    '"jina-bert-v2.attention.head_count" is 4',
  ],
  [
    'an up of another width',
    'jina-bert-v2',
    number('jina-bert-v2.feed_forward_length', 80),
    '"blk.0.ffn_up.weight" is 64 × 96 numbers',
  ],
]);
