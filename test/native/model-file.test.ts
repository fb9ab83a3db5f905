/** Model files that are wrong in one place each: what the error names. */
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import type { MetadataEntry, ValueType } from '../../lib/gguf/format.js';
import { EmbeddingModel } from '../../lib/index.js';
import { Vocabulary } from '../../lib/tokenize/index.js';
import { errorOf } from '../isolate/errors.js';
import { modelPath, type SpecName } from '../../models/random/cached.js';
import { ARCHITECTURE_NAMES } from '../../models/random/index.js';
import {
  addTensor,
  i32Array,
  type Pieces,
  putTogether,
  takeApart,
  text,
  u32,
  u64,
} from '../mutation/pieces.js';

const folder = mkdtempSync(join(tmpdir(), 'longembed-file-'));
const path = join(folder, 'model.gguf');
const F16 = 1;
const F64 = 28;

afterAll(() => rmSync(folder, { recursive: true, force: true }));

type Break = (pieces: Pieces) => void;

function broken(model: SpecName, change: Break): string {
  const pieces = takeApart(readFileSync(modelPath(model)));
  change(pieces);
  writeFileSync(path, putTogether(pieces));
  return path;
}

function f32(value: number): Uint8Array {
  const bytes = Buffer.alloc(4);
  bytes.writeFloatLE(value);
  return bytes;
}

const entry = ({ metadata }: Pieces, key: string): MetadataEntry => metadata.find((one) => one.key === key)!;
const tensor = ({ tensors }: Pieces, name: string) => tensors.find((one) => one.name === name)!;

const put =
  (key: string, type: ValueType, bytes: Uint8Array): Break =>
  ({ metadata }) => {
    const index = metadata.findIndex((one) => one.key === key);
    metadata.splice(index < 0 ? metadata.length : index, 1, { key, type, bytes });
  };
const number = (key: string, value: number): Break => put(key, 'u32', u32(value));
const byLayer = (key: string, ...numbers: number[]): Break => put(key, 'array', i32Array(numbers));
const real = (key: string, value: number): Break => put(key, 'f32', f32(value));
const without =
  (key: string): Break =>
  (pieces) =>
    void (pieces.metadata = pieces.metadata.filter((one) => one.key !== key));

/** Writes a number over an array's bytes. */
const inArray =
  (key: string, at: number, bytes: Uint8Array): Break =>
  (pieces) => {
    const changed = Buffer.from(entry(pieces, key).bytes);
    changed.set(bytes, at);
    put(key, 'array', changed)(pieces);
  };

/** Where an array's elements begin, after their type and count. */
const ELEMENTS = 12;

const tokens = (...all: string[]): Uint8Array =>
  Buffer.concat([u32(8), u64(BigInt(all.length)), ...all.map(text)]);

const CASES: readonly [string, SpecName, Break, string][] = [
  [
    'a key twice',
    'bert',
    ({ metadata }) => void metadata.push(metadata[3]!),
    'the key "general.description" twice',
  ],
  ['too many keys', 'bert', ({ counts }) => void (counts.metadata = 2n ** 40n), 'has 1099511627776 keys'],
  [
    'too many tensors',
    'bert',
    ({ counts }) => void (counts.tensors = 2n ** 63n),
    'has 9223372036854775808 tensors',
  ],
  [
    'an array past the end',
    'bert',
    inArray('tokenizer.ggml.tokens', 4, u64(2n ** 62n)),
    '"tokenizer.ggml.tokens" says that it has',
  ],
  [
    'an array of arrays',
    'bert',
    inArray('tokenizer.ggml.tokens', 0, u32(9)),
    '"tokenizer.ggml.tokens" is of type 9',
  ],
  ['an alignment of 3', 'bert', number('general.alignment', 3), '"general.alignment" is no power of two'],
  ['another version', 'bert', (pieces) => void (pieces.version = 4), 'GGUF version 4'],
  ['a big-endian file', 'bert', (pieces) => void (pieces.version = 3 << 24), 'big-endian'],
  [
    'a tensor twice',
    'bert',
    ({ tensors }) => void tensors.push({ ...tensors[2]! }),
    'the tensor "position_embd.weight" twice',
  ],
  [
    'a shape of too many numbers',
    'bert',
    (pieces) => void (tensor(pieces, 'token_embd.weight').shape = [2n ** 40n, 2n ** 40n]),
    '"token_embd.weight" has a size of 1099511627776',
  ],
  [
    'a negative size',
    'bert',
    (pieces) => void (tensor(pieces, 'token_embd.weight').shape[1] = -1n),
    '"token_embd.weight" has a size of -1',
  ],
  [
    'no size at all',
    'bert',
    (pieces) => void (tensor(pieces, 'token_embd.weight').shape = []),
    '"token_embd.weight" has 0 dimensions',
  ],
  [
    'a tensor of no type',
    'bert',
    (pieces) => void (tensor(pieces, 'token_embd.weight').type = 4),
    '"token_embd.weight" is of type 4',
  ],
  [
    'half a block a row',
    'bert',
    (pieces) => void Object.assign(tensor(pieces, 'blk.0.attn_q.weight'), { type: 12 }),
    '"blk.0.attn_q.weight" has rows of 64 numbers',
  ],
  [
    'data elsewhere',
    'bert',
    (pieces) => void (tensor(pieces, 'blk.0.attn_q.weight').offset += 32n),
    'tensor "blk.0.attn_q.weight" begins at byte',
  ],
  [
    'doubles',
    'bert',
    (pieces) => void Object.assign(pieces.tensors.at(-1)!, { type: F64, shape: [32n] }),
    '"blk.3.layer_output_norm.bias" is of type f64',
  ],
  [
    'a shift in halves',
    'bert',
    (pieces) => void Object.assign(pieces.tensors.at(-1)!, { type: F16 }),
    '"blk.3.layer_output_norm.bias" is of type f16; gains, shifts and biases must be F32',
  ],
  ['no tensor', 'bert', ({ tensors }) => void tensors.pop(), 'no tensor "blk.3.layer_output_norm.bias"'],
  [
    'another tensor',
    'bert',
    (pieces) => void (tensor(pieces, 'blk.0.attn_q.bias').name = 'blk.0.attn_x.bias'),
    '"blk.0.attn_x.bias" is none that its architecture has',
  ],
  [
    'a matrix of another shape',
    'nomic-bert',
    (pieces) => void (tensor(pieces, 'blk.1.ffn_gate.weight').shape = [96n, 64n]),
    '"blk.1.ffn_gate.weight" is 96 × 64 numbers; by the file\'s own sizes it must be 64 × 96',
  ],
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
  ...ARCHITECTURE_NAMES.map((model): [string, SpecName, Break, string] => [
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
  [
    'more experts in use than there are',
    'llama',
    number('llama.expert_used_count', 2),
    '"llama.expert_used_count" is 2',
  ],
  ...(['nomic-bert-moe', 'qwen3'] as const).map((model): [string, SpecName, Break, string] => [
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
  ['an unknown pooling', 'bert', number('bert.pooling_type', 9), '"bert.pooling_type" is 9'],
  [
    'a text where a number belongs',
    'bert',
    put('bert.block_count', 'string', text('4')),
    '"bert.block_count" is no whole number',
  ],
  [
    'no token types',
    'bert',
    without('tokenizer.ggml.token_type_count'),
    '"tokenizer.ggml.token_type_count" is missing',
  ],
  [
    'a token twice',
    'bert',
    put('tokenizer.ggml.tokens', 'array', tokens('a', 'b', 'a')),
    'token "a" twice, as 0 and 2',
  ],
  [
    'fewer tokens than vectors',
    'bert',
    put('tokenizer.ggml.tokens', 'array', tokens('[PAD]', '[UNK]', '[CLS]', '[SEP]', '[MASK]', 'a', 'b')),
    '"token_embd.weight" is 64 × 1024 numbers',
  ],
  ['no tokens', 'bert', put('tokenizer.ggml.tokens', 'array', tokens()), '"tokenizer.ggml.tokens" is empty'],
  [
    'fewer types than tokens',
    'bert',
    put('tokenizer.ggml.token_type', 'array', Buffer.concat([u32(5), u64(1n), u32(1)])),
    '"tokenizer.ggml.token_type" has 1 entries for 1024 tokens',
  ],
  [
    'a type that there is not',
    'bert',
    inArray('tokenizer.ggml.token_type', ELEMENTS, u32(99)),
    '"tokenizer.ggml.token_type" has a type that there is not',
  ],
  [
    'a score of NaN',
    'llama',
    inArray('tokenizer.ggml.scores', ELEMENTS, f32(NaN)),
    '"tokenizer.ggml.scores" has a score that is no number',
  ],
  [
    'a special token that there is not',
    'llama',
    number('tokenizer.ggml.eos_token_id', 1024),
    '"tokenizer.ggml.eos_token_id" is 1024',
  ],
  [
    'merges that merge nothing',
    'llama',
    put('tokenizer.ggml.merges', 'array', tokens('a b', 'ab')),
    '"tokenizer.ggml.merges" has at 1 "ab"',
  ],
  [
    'a vocabulary of billions that is not there',
    'llama',
    (pieces) => {
      put('tokenizer.ggml.model', 'string', text('none'))(pieces);
      number('llama.vocab_size', 50_000_000)(pieces);
    },
    '"llama.vocab_size" is 50000000',
  ],
];

describe('a model file with', () => {
  it.each(CASES)('%s is refused', async (_what, model, change, named) => {
    const { code, message } = await errorOf(EmbeddingModel.load(broken(model, change), { threads: 1 }));
    expect(message).toContain(named);
    expect(message).toContain(`"${path}" is not a usable model file: `);
    expect(code).toBe('ERR_MODEL_INVALID');
  });
});

it('sizes by layer are fine where all are the same', async () => {
  const file = broken('bert', byLayer('bert.feed_forward_length', 128, 128, 128, 128));
  await using model = await EmbeddingModel.load(file, { threads: 1 });
  await using other = await EmbeddingModel.load(modelPath('bert'), { threads: 1 });
  expect((await model.embed([5, 6, 7])).embedding).toEqual((await other.embed([5, 6, 7])).embedding);
});

it('biases by distance of any layer after the first are not ignored', async () => {
  const file = broken('t5encoder', (pieces) => {
    addTensor(pieces, 'enc.blk.2.attn_rel_b.weight', [4, 32], new Float32Array(4 * 32).fill(1));
  });
  await using model = await EmbeddingModel.load(file, { threads: 1 });
  expect(model.info.engine).toBe('llama_context');
  await using other = await EmbeddingModel.load(modelPath('t5encoder'), { threads: 1 });
  expect(other.info.engine).toBe('graph');
});

/** Gives a tensor another type and shortens its data to what that takes. */
function retype(pieces: Pieces, name: string, type: number, bytes: number): void {
  const index = pieces.tensors.findIndex((one) => one.name === name);
  const { offset } = pieces.tensors[index]!;
  const cut = pieces.tensors[index + 1]!.offset - offset - BigInt(bytes);
  pieces.tensors[index]!.type = type;
  for (const later of pieces.tensors.slice(index + 1)) later.offset -= cut;
  const end = Number(offset) + bytes;
  pieces.data = Buffer.concat([pieces.data.subarray(0, end), pieces.data.subarray(end + Number(cut))]);
}

it.each([1, 2, 4])('an assertion in a graph of llama.cpp is an error, on %s threads too', async (threads) => {
  // That a row of this matrix is added to others shows only when llama.cpp computes, which it does for models with experts.
  const file = broken('bert', (pieces) => {
    number('bert.expert_count', 2)(pieces);
    number('bert.expert_used_count', 1)(pieces);
    retype(pieces, 'token_types.weight', F16, 2 * 2 * 64);
  });
  await using model = await EmbeddingModel.load(file, { threads });
  for (let i = 0; i < 2; i += 1) {
    const { code, message } = await errorOf(model.embed('The grass is green.'));
    expect([code, message]).toEqual([
      'ERR_BACKEND',
      expect.stringContaining('An assertion in llama.cpp failed: '),
    ]);
  }
});

describe('a vocabulary without a model', () => {
  it('is one', async () => {
    const file = broken('llama', (pieces) => {
      pieces.tensors = [];
      pieces.metadata = pieces.metadata.filter(({ key }) => /^(tokenizer|general)\./.test(key));
      pieces.data = new Uint8Array();
    });
    const vocabulary = await Vocabulary.load(file);
    expect((await vocabulary.tokenize('The grass')).length).toBeGreaterThan(1);
  });

  it('is checked', async () => {
    const file = broken('bert', put('tokenizer.ggml.tokens', 'array', tokens('a', 'a')));
    expect((await errorOf(Vocabulary.load(file))).message).toContain('token "a" twice');
  });
});
