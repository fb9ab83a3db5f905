/** A tokenizer.json is compared with the vocabulary in the model's file. */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, describe, expect, it } from 'vitest';

import { EmbeddingModel } from '../../lib/index.js';
import { HuggingFaceTokenizer } from '../../lib/tokenize/index.js';
import { checkVocabulary, sampleTokens } from '../../lib/tokenize/model-vocabulary.js';
import type { TokenizerJson } from '../../lib/tokenize/plain-text.js';
import { modelPath } from '../../models/random/cached.js';
import { readMetadata } from './gguf-vocabulary.js';
import { sentencePieceJson, wordPieceJson } from './tokenizer-json.js';

const pathOf = (path: string): string => fileURLToPath(new URL(`../../${path}`, import.meta.url));
const vocabularyFile = (name: string): string => pathOf(`vendor/llama.cpp/models/ggml-vocab-${name}.gguf`);
const WORDPIECE = pathOf('models/wordpiece.tokenizer.json');
const BYTEPAIR = pathOf('models/bytepair.tokenizer.json');

const tokensOf = (path: string): string[] => readMetadata(path).get('tokenizer.ggml.tokens') as string[];

const bytePairJson = (path: string): object => ({
  model: { type: 'BPE', vocab: Object.fromEntries(tokensOf(path).map((token, id) => [token, id])) },
});
const unigramJson = (path: string): object => ({
  model: { type: 'Unigram', vocab: tokensOf(path).map((token) => [token, 0]) },
});

/** Of each kind, two vocabularies, and the tokenizer.json of the first. */
const KINDS = [
  ['WordPiece', vocabularyFile('bert-bge'), modelPath('bert'), wordPieceJson],
  ['SentencePiece', vocabularyFile('llama-spm'), modelPath('llama'), sentencePieceJson],
  ['byte-level BPE', vocabularyFile('gpt-2'), vocabularyFile('starcoder'), bytePairJson],
  ['Unigram', vocabularyFile('nomic-bert-moe'), vocabularyFile('llama-spm'), unigramJson],
] as const;

describe.each(KINDS)('%s', (_kind, own, other, jsonOf) => {
  it('is accepted with the model that it belongs to, some tokens renamed or added', async () => {
    const json = jsonOf(own) as TokenizerJson;
    const sample = await sampleTokens(own);
    expect(sample.size).toBeGreaterThan(480);
    expect(() => checkVocabulary(json, sample)).not.toThrow();
    const renamed = new Map([...sample].map(([id, token], i) => [id, i % 20 === 0 ? `[PAD${id}]` : token]));
    expect(() => checkVocabulary(json, renamed)).not.toThrow();
  });

  it('is refused with a model of another vocabulary', async () => {
    const json = jsonOf(own) as TokenizerJson;
    const sample = await sampleTokens(other);
    expect(() => checkVocabulary(json, sample)).toThrow(
      /another vocabulary than the model: of \d+ tokens compared, \d+ differ \(token \d+ is ".+" in the model and ".+" here; token/,
    );
  });
});

it('a model whose vocabulary continues that of the tokenizer.json is none of its models', async () => {
  const half = tokensOf(vocabularyFile('nomic-bert-moe')).slice(0, 125_000);
  const json = { model: { type: 'Unigram', vocab: half.map((token) => [token, 0]) } } as TokenizerJson;
  const sample = await sampleTokens(vocabularyFile('nomic-bert-moe'));
  expect(() => checkVocabulary(json, sample)).toThrow(/in the model and missing here/);
});

describe('a model', () => {
  const folder = mkdtempSync(join(tmpdir(), 'longembed-'));
  afterAll(() => rmSync(folder, { recursive: true }));
  const load = (name: string, tokenizer: string): Promise<EmbeddingModel> =>
    EmbeddingModel.load(name, { tokenizer, backend: 'cpu', threads: 1 });

  it('takes the tokenizer.json that it was made with', async () => {
    for (const [name, tokenizer] of [
      ['mini-rope', WORDPIECE],
      ['mini-ape', WORDPIECE],
      ['mini-causal', BYTEPAIR],
    ] as const) {
      await using model = await load(name, tokenizer);
      expect((await model.tokenize('hello world')).length).toBeGreaterThan(1);
    }
  });

  it('refuses that of another one', async () => {
    await expect(load('mini-rope', BYTEPAIR)).rejects.toMatchObject({
      code: 'ERR_TOKENIZER',
      message: expect.stringMatching(
        /bytepair\.tokenizer\.json, is not a usable tokenizer\.json: it has another vocabulary.*Give the tokenizer\.json that the model was published with/,
      ) as string,
    });
    await expect(load('mini-causal', WORDPIECE)).rejects.toMatchObject({ code: 'ERR_TOKENIZER' });
  });

  it('without a header that can be read is not compared', async () => {
    const path = join(folder, 'x.gguf');
    writeFileSync(path, 'none');
    expect((await sampleTokens(path)).size).toBe(0);
    const tokenizer = await HuggingFaceTokenizer.load(WORDPIECE, 2 ** 31 - 1, path);
    expect((await tokenizer.tokenize('hello').promise).length).toBeGreaterThan(0);
    await tokenizer.dispose();
  });
});
