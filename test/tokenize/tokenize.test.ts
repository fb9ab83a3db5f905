import { execFileSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { LongEmbedError } from '../../lib/index.js';
import { HuggingFaceTokenizer, Vocabulary } from '../../lib/tokenize/index.js';
import { longestBlockMsOf, processorMsAtRest } from '../processor-time.js';
import { sentencePieceJson, wordPieceJson } from './tokenizer-json.js';

const MODELS = fileURLToPath(new URL('../../vendor/llama.cpp/models/', import.meta.url));
const ENGLISH = readFileSync(new URL('../fixtures/english.txt', import.meta.url), 'utf8');
const FILES = {
  wordpiece: {
    gguf: join(MODELS, 'ggml-vocab-bert-bge.gguf'),
    json: wordPieceJson,
    size: 30522,
    unknown: 100,
  },
  sentencepiece: {
    gguf: join(MODELS, 'ggml-vocab-llama-spm.gguf'),
    json: sentencePieceJson,
    size: 32000,
    unknown: 0,
  },
};
const KINDS = ['wordpiece', 'sentencepiece'] as const;

/** The fixture repeated to about `count` words. */
function words(count: number): string {
  return `${ENGLISH}\n`.repeat(Math.ceil(count / ENGLISH.split(/\s+/).length));
}

describe.each(KINDS)('the vocabulary of the file: %s', (kind) => {
  const { gguf, size } = FILES[kind];
  let vocabulary: Vocabulary;
  beforeAll(async () => {
    vocabulary = await Vocabulary.load(gguf);
  });

  it('names its kind', () => {
    expect(vocabulary.facts).toMatchObject({
      tokenizer: kind,
      vocabularySize: size,
      prefixTokens: kind === 'wordpiece' ? [101] : [1],
      suffixTokens: kind === 'wordpiece' ? [102] : [],
    });
  });

  it("gives llama.cpp's own test vectors", async () => {
    const texts = readFileSync(`${gguf}.inp`, 'utf8').split('\n__ggml_vocab_test__\n').slice(0, -1);
    const lines = readFileSync(`${gguf}.out`, 'utf8').split('\n');
    expect(texts.length).toBeGreaterThan(40);
    for (const [index, text] of texts.entries()) {
      const expected = (lines[index] ?? '')
        .trim()
        .split(/\s+/)
        .filter((id) => id !== '')
        .map(Number);
      expect([...(await vocabulary.tokenize(text))], JSON.stringify(text)).toEqual(expected);
    }
  });

  it('treats text that looks like a special token as text', async () => {
    const special = kind === 'wordpiece' ? [100, 101, 102, 103] : [0, 1, 2];
    const tokens = await vocabulary.tokenize('[CLS] <s> one </s> [SEP] [MASK] <unk> <pad>');
    expect(tokens.length).toBeGreaterThan(12);
    expect([...tokens].filter((id) => special.includes(id))).toEqual([]);
  });

  it('accepts NUL bytes and empty text', async () => {
    const [a, b] = [await vocabulary.tokenize('one'), await vocabulary.tokenize('one\0 two')];
    expect(b.length).toBeGreaterThan(a.length);
    expect([...(await vocabulary.tokenize(''))]).toEqual([]);
  });

  it('refuses a lone surrogate', async () => {
    await expect(vocabulary.tokenize('ab\udc00')).rejects.toMatchObject({
      code: 'ERR_TOKENIZER',
      message: expect.stringContaining('U+DC00) stands alone at index 2') as string,
    });
  });

  it('does 10,000 words in under 50 ms', async () => {
    const text = words(10_000);
    expect(await processorMsAtRest(() => vocabulary.tokenize(text))).toBeLessThan(50);
  });
});

describe.each(KINDS)('a tokenizer.json: %s', (kind) => {
  const { gguf, json, size, unknown } = FILES[kind];
  const folder = mkdtempSync(join(tmpdir(), 'longembed-'));
  const path = join(folder, 'tokenizer.json');
  let native: Vocabulary;
  let tokenizer: HuggingFaceTokenizer;
  beforeAll(async () => {
    writeFileSync(path, JSON.stringify(json(gguf)));
    native = await Vocabulary.load(gguf);
    tokenizer = await HuggingFaceTokenizer.load(path, size);
  });
  afterAll(async () => {
    await tokenizer.dispose();
    rmSync(folder, { recursive: true });
  });

  it('gives the ids of the native vocabulary on real text', async () => {
    const expected = await native.tokenize(ENGLISH);
    expect(expected.length).toBeGreaterThan(900);
    expect([...(await tokenizer.tokenize(ENGLISH).promise)]).toEqual([...expected]);
  });

  it('treats text that looks like a special token as text, as the native vocabulary does', async () => {
    for (const text of ['[CLS] one [SEP]', '<s> one </s>', 'one [UNK] <unk> [MASK] two']) {
      const ids = [...(await tokenizer.tokenize(text).promise)];
      expect(ids, text).toEqual([...(await native.tokenize(text))]);
    }
  });

  it('still has its unknown token, or bytes in its place', async () => {
    // WordPiece knows no Khmer; SentencePiece falls back to bytes, which are its tokens 3 to 258.
    const ids = [...(await tokenizer.tokenize('\u17d8').promise)];
    expect(ids).toEqual([...(await native.tokenize('\u17d8'))]);
    if (kind === 'wordpiece') expect(ids).toEqual([unknown]);
    else expect(ids.slice(1).every((id) => id >= 3 && id < 259)).toBe(true);
  });

  it('leaves the event loop free while it works on a long text', async () => {
    await tokenizer.tokenize('warm').promise;
    const text = words(kind === 'wordpiece' ? 80_000 : 20_000);
    const start = performance.now();
    const blocked = await longestBlockMsOf(async () => {
      const ids = await tokenizer.tokenize(text).promise;
      expect(ids.length).toBeGreaterThan(20_000);
    });
    const took = performance.now() - start;
    // Else this shows nothing.
    expect(took).toBeGreaterThan(60);
    expect(blocked).toBeLessThan(took / 2);
  });
});

describe('a tokenizer.json in its thread', () => {
  const folder = mkdtempSync(join(tmpdir(), 'longembed-'));
  const path = join(folder, 'tokenizer.json');
  beforeAll(() => writeFileSync(path, JSON.stringify(wordPieceJson(FILES.wordpiece.gguf))));
  afterAll(() => rmSync(folder, { recursive: true }));

  it('gives answers to the texts they belong to', async () => {
    const tokenizer = await HuggingFaceTokenizer.load(path, 30522);
    const texts = ['one', 'one two', words(3000), 'one two three'];
    const all = await Promise.all(texts.map((text) => tokenizer.tokenize(text).promise));
    expect(all.map((ids) => ids.length)).toEqual([1, 2, expect.any(Number), 3]);
    await tokenizer.dispose();
  });

  it('drops cancelled texts and continues with the rest', async () => {
    const tokenizer = await HuggingFaceTokenizer.load(path, 30522);
    const [running, waiting, last] = [words(3000), 'one', 'one two'].map((text) => tokenizer.tokenize(text));
    running!.cancel();
    waiting!.cancel();
    await expect(running!.promise).rejects.toMatchObject({ code: 'ERR_ABORTED' });
    await expect(waiting!.promise).rejects.toMatchObject({ code: 'ERR_ABORTED' });
    expect((await last!.promise).length).toBe(2);
    await tokenizer.dispose();
  });

  it('rejects everything when it is disposed, and afterwards', async () => {
    const tokenizer = await HuggingFaceTokenizer.load(path, 30522);
    const calls = [words(3000), 'one'].map((text) =>
      tokenizer.tokenize(text).promise.catch((error: unknown) => error),
    );
    await Promise.all([tokenizer.dispose(), tokenizer.dispose()]);
    for (const call of [...calls, tokenizer.tokenize('one').promise.catch((error: unknown) => error)]) {
      expect(await call).toMatchObject({ code: 'ERR_DISPOSED' });
    }
  });

  it('refuses ids that the model does not have', async () => {
    const tokenizer = await HuggingFaceTokenizer.load(path, 2000);
    // "of" is 1997 and "the" 1996; most words are above.
    expect([...(await tokenizer.tokenize('of the').promise)]).toEqual([1997, 1996]);
    await expect(tokenizer.tokenize('of the rivers').promise).rejects.toThrow(
      "this model's tokens are whole numbers from 0 to 1999",
    );
    await tokenizer.dispose();
  });

  it.skipIf(process.platform === 'win32')(
    'refuses a pipe, for which a thread would wait that nothing can end (not on Windows)',
    async () => {
      const pipe = join(folder, 'pipe.json');
      execFileSync('mkfifo', [pipe]);
      await expect(HuggingFaceTokenizer.load(pipe, 100)).rejects.toMatchObject({
        code: 'ERR_TOKENIZER',
        message: `The option tokenizer, ${pipe}, is not a usable tokenizer.json: it is not a regular file.`,
      });
    },
  );

  it.each([
    ['a missing file', 'none.json', null, 'there is no such file'],
    ['what is no JSON', 'text.json', 'tokens', 'JSON'],
    ['what is no tokenizer', 'other.json', '{"name": "x"}', 'it has no model with a vocabulary'],
    ['an unknown kind', 'unknown.json', '{"model": {"type": "Telepathy", "vocab": {}}}', 'of type Telepathy'],
  ])('refuses %s', async (_, name, content, reason) => {
    const file = join(folder, name);
    if (content !== null) writeFileSync(file, content);
    const error = await HuggingFaceTokenizer.load(file, 100).catch((rejection: unknown) => rejection);
    expect(error).toBeInstanceOf(LongEmbedError);
    const { code, message } = error as LongEmbedError;
    expect(code).toBe('ERR_TOKENIZER');
    expect(message).toContain(`The option tokenizer, ${file}, is not a usable tokenizer.json: `);
    expect(message).toContain(reason);
  });
});
