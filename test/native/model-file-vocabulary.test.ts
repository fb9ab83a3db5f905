/** Model files whose vocabulary is damaged: what the error names. */
import { describe, expect, it } from 'vitest';
import { Vocabulary } from '../../lib/tokenize/index.js';
import { errorOf } from '../isolate/errors.js';
import { text, u32, u64 } from '../mutation/pieces.js';
import {
  broken,
  type Case,
  ELEMENTS,
  f32,
  inArray,
  number,
  put,
  refuses,
  tokens,
  without,
} from './model-files.js';

refuses([
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
  ...(['llama', 't5encoder'] as const).map((model): Case => [
    `no scores: ${model}`,
    model,
    without('tokenizer.ggml.scores'),
    'it has no key "tokenizer.ggml.scores"',
  ]),
  [
    'tokens of RWKV that fit no text',
    'llama',
    (pieces) => {
      put('tokenizer.ggml.model', 'string', text('rwkv'))(pieces);
      put('tokenizer.ggml.tokens', 'array', tokens('\\n', 'a', 'ab', '\\x62c'))(pieces);
      for (const key of ['scores', 'token_type']) without(`tokenizer.ggml.${key}`)(pieces);
      pieces.metadata = pieces.metadata.filter(({ key }) => !key.endsWith('_token_id'));
    },
    '"tokenizer.ggml.tokens" has "\\x62c", but no token that is its first byte alone',
  ],
  [
    'a merge into a piece that is no token',
    'qwen3',
    put('tokenizer.ggml.merges', 'array', tokens('t h', 'q z')),
    '"tokenizer.ggml.merges" has the merge "q z", but there is no token "qz"',
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
]);

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
