/** What a file's keys say of its vocabulary beyond the tokens: special tokens of BERT, normalization of text. */
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { stringEntry, u32Entry } from '../../lib/gguf/index.js';
import { EmbeddingModel } from '../../lib/index.js';
import { Vocabulary } from '../../lib/tokenize/index.js';
import { modelPath } from '../../models/random/cached.js';
import { putTogether, takeApart } from '../mutation/pieces.js';

const folder = mkdtempSync(join(tmpdir(), 'longembed-vocabulary-'));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

describe("a BERT vocabulary's special tokens", () => {
  /** The random model's are [PAD], [UNK], [CLS], [SEP], [MASK], 0 to 4; llama.cpp's defaults 100, 101 and 102 are words. */
  async function vocabulary(keys: Record<string, number>, rename = ''): Promise<Vocabulary> {
    const pieces = takeApart(readFileSync(modelPath('bert')));
    pieces.metadata = [
      ...pieces.metadata.filter(({ key }) => !key.endsWith('_token_id')),
      ...Object.entries(keys).map(([key, id]) => u32Entry(`tokenizer.ggml.${key}_token_id`, id)),
    ];
    const tokens = pieces.metadata.find(({ key }) => key === 'tokenizer.ggml.tokens');
    if (rename !== '' && tokens !== undefined) {
      const bytes = Buffer.from(tokens.bytes);
      bytes[bytes.indexOf(rename) + 1] = '#'.charCodeAt(0);
      pieces.metadata.splice(pieces.metadata.indexOf(tokens), 1, { ...tokens, bytes });
    }
    const path = join(folder, 'bert.gguf');
    writeFileSync(path, putTogether(pieces));
    return Vocabulary.load(path);
  }

  it.each<[string, Record<string, number>, number, number]>([
    ['by bos_token_id', { bos: 7, cls: 8, seperator: 9 }, 7, 9],
    ['by cls_token_id', { cls: 8, seperator: 9 }, 8, 9],
    ['by their texts', {}, 2, 3],
    [
      'by their texts where the file says that there are none',
      { bos: 0xffffffff, seperator: 0xffffffff },
      2,
      3,
    ],
  ])('%s', async (_, keys, cls, sep) => {
    const { facts } = await vocabulary(keys);
    expect(facts).toMatchObject({ prefixTokens: [cls], suffixTokens: [sep] });
  });

  it('[UNK] by its text', async () => {
    expect([...(await (await vocabulary({})).tokenize('\u17d8'))]).toEqual([1]);
  });

  it.each([
    ['[CLS]', 'cls_token_id'],
    ['[SEP]', 'seperator_token_id'],
  ])('are missing: %s', async (text, key) => {
    await expect(vocabulary({}, text)).rejects.toMatchObject({
      code: 'ERR_TOKENIZER',
      message: expect.stringContaining(
        `no token ${text}, and its file does not name one as "tokenizer.ggml.${key}"`,
      ) as string,
    });
  });
});

describe('a text of decomposed characters', () => {
  const TEXT = 'Tiếng Việt đẹp. 안녕하세요 세계. Café.';
  const DECOMPOSED = TEXT.normalize('NFD');
  /** The random model's vocabulary under another name of a pre-tokenizer. */
  async function vocabulary(pre: string): Promise<Vocabulary> {
    const pieces = takeApart(readFileSync(modelPath('qwen3')));
    pieces.metadata = [
      ...pieces.metadata.filter(({ key }) => key !== 'tokenizer.ggml.pre'),
      stringEntry('tokenizer.ggml.pre', pre),
    ];
    const path = join(folder, 'qwen3.gguf');
    writeFileSync(path, putTogether(pieces));
    return Vocabulary.load(path);
  }

  it.each(['qwen2', 'qwen35', 'command-r', 'olmo', 'modern-bert'])(
    'has the tokens of composed ones: %s',
    async (pre) => {
      const composing = await vocabulary(pre);
      expect(composing.facts.normalizer).toBe('nfc');
      expect([...(await composing.tokenize(DECOMPOSED))]).toEqual([...(await composing.tokenize(TEXT))]);
    },
  );

  it('has tokens of its own elsewhere', async () => {
    const other = await vocabulary('gpt-2');
    expect(other.facts.normalizer).toBe(null);
    expect([...(await other.tokenize(DECOMPOSED))]).not.toEqual([...(await other.tokenize(TEXT))]);
  });

  it("has the vectors of composed ones, and chunks in the text's own units", async () => {
    await using model = await EmbeddingModel.load(modelPath('qwen3'), {
      ...{ backend: 'cpu', threads: 1, preset: false, onWarning: () => undefined },
    });
    const options = { chunks: 'sentences', extend: 'none:512' } as const;
    const [composed, decomposed] = [
      await model.embedChunks(TEXT, options),
      await model.embedChunks(DECOMPOSED, options),
    ];
    expect(decomposed.chunks).toHaveLength(3);
    for (const [i, { start, end, embedding }] of decomposed.chunks.entries()) {
      const whole = composed.chunks[i]!;
      expect(DECOMPOSED.slice(start, end).normalize('NFC')).toBe(TEXT.slice(whole.start, whole.end));
      expect(embedding).toEqual(whole.embedding);
    }
    expect((await model.embed(DECOMPOSED)).embedding).toEqual((await model.embed(TEXT)).embedding);
  });
});
