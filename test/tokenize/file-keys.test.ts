/** What a file's keys say of its vocabulary beyond the tokens: special tokens of BERT, normalization of text. */
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import {
  boolEntry,
  i32sEntry,
  type MetadataEntry,
  stringEntry,
  stringsEntry,
  u32Entry,
} from '../../lib/gguf/index.js';
import { EmbeddingModel } from '../../lib/index.js';
import { Vocabulary } from '../../lib/tokenize/index.js';
import { modelPath } from '../../models/random/cached.js';
import { putTogether, takeApart } from '../mutation/pieces.js';
import { readMetadata } from './gguf-vocabulary.js';

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

describe("a BERT vocabulary's added tokens", () => {
  /** The random model's vocabulary with a token of another text and type; its [MASK] is a control token. */
  async function idsOf(text: string, added: string, type: number, id: number): Promise<number[]> {
    const pieces = takeApart(readFileSync(modelPath('bert')));
    const keys = readMetadata(modelPath('bert'));
    const tokens = [...(keys.get('tokenizer.ggml.tokens') as string[])];
    const types = [...(keys.get('tokenizer.ggml.token_type') as number[])];
    tokens[id] = added;
    types[id] = type;
    pieces.metadata = [
      ...pieces.metadata.filter(({ key }) => !/ggml\.token(s|_type)$/.test(key)),
      stringsEntry('tokenizer.ggml.tokens', tokens),
      i32sEntry('tokenizer.ggml.token_type', types),
    ];
    const path = join(folder, 'bert.gguf');
    writeFileSync(path, putTogether(pieces));
    return [...(await (await Vocabulary.load(path)).tokenize(text))];
  }

  const CONTROL = 3;
  const USER_DEFINED = 4;

  // llama.cpp's converter marks them like words, longembed's does not
  it.each(['\u2581[CODE]', '[CODE]'])('are found as they are written: %s', async (added) => {
    const [the, ...grass] = await idsOf('the grass', '[CODE]', CONTROL, 1023);
    for (const text of ['the[CODE]grass', 'The [CODE] grass']) {
      expect(await idsOf(text, added, USER_DEFINED, 1023)).toEqual([the, 1023, ...grass]);
    }
  });

  it('are text where they control the model, as everywhere', async () => {
    const split = await idsOf('the [ CODE ]', '[NONE]', CONTROL, 1023);
    expect(split.length).toBeGreaterThan(3);
    expect(await idsOf('the [CODE]', '[CODE]', CONTROL, 1023)).toEqual(split);
    expect(await idsOf('the [SEP]', '[NONE]', CONTROL, 1023)).not.toContain(3);
  });

  it('are no pieces of words where they control the model', async () => {
    const ids = await idsOf('azzq', '[NONE]', CONTROL, 1023);
    expect(await idsOf('azzq', 'zzq', CONTROL, 1023)).toEqual(ids);
  });
});

describe('a BERT file that does not say whether capitals count', () => {
  /** Ids of a text where so many words of the random model's vocabulary have another in capitals. */
  async function idsOf(text: string, capitals: number, entries: MetadataEntry[] = []): Promise<number[]> {
    const pieces = takeApart(readFileSync(modelPath('bert')));
    const tokens = [...(readMetadata(modelPath('bert')).get('tokenizer.ggml.tokens') as string[])];
    const last = tokens.length - 1;
    for (let i = 1; i < capitals; i++) tokens[last - i] = `\u2581Word${i}`;
    if (capitals > 0) tokens[last] = '\u2581The';
    pieces.metadata = [
      ...pieces.metadata.filter(({ key }) => !/ggml\.tokens$|normalizer\./.test(key)),
      ...[stringsEntry('tokenizer.ggml.tokens', tokens), ...entries],
    ];
    const path = join(folder, 'bert.gguf');
    writeFileSync(path, putTogether(pieces));
    return [...(await (await Vocabulary.load(path)).tokenize(text))];
  }

  it('tells them apart if its pieces do', async () => {
    const [the] = await idsOf('the', 0);
    expect(await idsOf('the', 50)).toEqual([the]);
    expect(await idsOf('The', 50)).toEqual([1023]);
    expect(await idsOf('thé', 50)).toEqual([1]);
    expect(await idsOf('The thé', 50, [boolEntry('tokenizer.ggml.normalizer.lowercase', true)])).toEqual([
      ...[the, the],
    ]);
  });

  it('does not for a few names of special tokens', async () => {
    expect(await idsOf('The thé', 5)).toEqual(await idsOf('the the', 0));
  });
});

describe("a BPE file's special tokens", () => {
  const NONE = 0xffffffff;

  /** The random model's, which llama.cpp gives token 11 where a file names none. */
  async function factsOf(keys: Record<string, number>) {
    const pieces = takeApart(readFileSync(modelPath('qwen3')));
    pieces.metadata = [
      ...pieces.metadata.filter(({ key }) => !/_token(_id)?$/.test(key)),
      ...Object.entries(keys).map(([key, id]) => u32Entry(`tokenizer.ggml.${key}_token_id`, id)),
      ...['bos', 'eos'].map((name) => boolEntry(`tokenizer.ggml.add_${name}_token`, true)),
    ];
    const path = join(folder, 'qwen3.gguf');
    writeFileSync(path, putTogether(pieces));
    return (await Vocabulary.load(path)).facts;
  }

  it.each<[string, Record<string, number>, number[], number[]]>([
    ['by its keys', { bos: 7, eos: 8, cls: 9, seperator: 10 }, [7], [8]],
    ['by the keys of encoders', { cls: 9, seperator: 10 }, [9], [10]],
    ['by those where it has no others', { bos: NONE, cls: 9, eos: NONE, seperator: 10 }, [9], [10]],
    ['are none where it names none', {}, [], []],
    ['are none where it says so', { bos: NONE, eos: NONE }, [], []],
  ])('%s', async (_, keys, prefixTokens, suffixTokens) => {
    expect(await factsOf(keys)).toMatchObject({ prefixTokens, suffixTokens });
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
