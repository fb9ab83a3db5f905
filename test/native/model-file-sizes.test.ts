/** Model files whose layers, heads and positions contradict each other: what the error names. */
import { ARCHITECTURE_NAMES } from '../../models/random/index.js';
import { text } from '../mutation/pieces.js';
import { byLayer, type Case, entry, number, put, real, refuses, without } from './model-files.js';

refuses([
  ['a layer more', 'llama', number('llama.block_count', 5), 'no tensor "blk.4.attn_norm.weight"'],
  ['a layer less', 'jina-bert-v3', number('jina-bert-v3.block_count', 3), '"blk.3.'],
  ['no layers', 'bert', number('bert.block_count', 0), '"bert.block_count" is 0'],
  ['no context', 'bert', without('bert.context_length'), 'no key "bert.context_length"'],
  ['fewer positions', 'bert', number('bert.context_length', 32), '"position_embd.weight" is 64 × 64'],
  ['heads that do not divide', 'bert', number('bert.attention.head_count', 3), '"bert.attention.head_count"'],
  ['no heads', 'bert', number('bert.attention.head_count', 0), '"bert.attention.head_count" is 0'],
  [
    'more heads of keys',
    'llama',
    number('llama.attention.head_count_kv', 8),
    '"llama.attention.head_count_kv" is 8',
  ],
  ...ARCHITECTURE_NAMES.map((model): Case => [
    `a feed-forward size of a layer's own (${model})`,
    model,
    (pieces) => {
      const [layers, size] = ['block_count', 'feed_forward_length'].map((key) =>
        Buffer.from(entry(pieces, `${model}.${key}`).bytes).readUInt32LE(),
      ) as [number, number];
      const alike = new Array<number>(layers - 1).fill(size);
      byLayer(`${model}.feed_forward_length`, ...alike, size + 1)(pieces);
    },
    ', and the layers of this architecture are alike',
  ]),
  [
    "heads of a layer's own",
    'llama',
    byLayer('llama.attention.head_count', 4, 4, 2, 4),
    '"llama.attention.head_count" is 2: layer 0 has 4',
  ],
  [
    "heads of keys of a layer's own",
    'qwen3',
    byLayer('qwen3.attention.head_count_kv', 2, 1, 2, 2),
    '"qwen3.attention.head_count_kv" is 1: layer 0 has 2',
  ],
  [
    'a size for three of four layers',
    'bert',
    byLayer('bert.feed_forward_length', 128, 128, 128),
    '"bert.feed_forward_length" has 3 numbers for 4 layers',
  ],
  [
    'an odd rotation',
    'jina-bert-v3',
    number('jina-bert-v3.rope.dimension_count', 7),
    '"jina-bert-v3.rope.dimension_count" is 7',
  ],
  [
    'too wide a rotation',
    'nomic-bert',
    number('nomic-bert.rope.dimension_count', 1024),
    '"nomic-bert.rope.dimension_count" is 1024',
  ],
  [
    'a base of NaN',
    'llama',
    real('llama.rope.freq_base', NaN),
    '"llama.rope.freq_base" is infinite or no number',
  ],
  ['a base below 1', 'llama', real('llama.rope.freq_base', 0.5), '"llama.rope.freq_base" is 0.5'],
  [
    'an unknown scaling',
    'llama',
    put('llama.rope.scaling.type', 'string', text('cubic')),
    '"llama.rope.scaling.type" is "cubic"',
  ],
  [
    'a negative epsilon',
    'bert',
    real('bert.attention.layer_norm_epsilon', -1),
    '"bert.attention.layer_norm_epsilon" is -1',
  ],
  ['an unknown pooling', 'bert', number('bert.pooling_type', 9), '"bert.pooling_type" is 9'],
  [
    'a text where a number belongs',
    'bert',
    put('bert.block_count', 'string', text('4')),
    '"bert.block_count" is no whole number',
  ],
]);
