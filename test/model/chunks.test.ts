/** embedChunks: how documents are cut, and what a chunk's vector is made of. */
import { execFileSync } from 'node:child_process';
import { afterAll, describe, expect, it } from 'vitest';

import { type ChunkInput, type ChunkRule, EmbeddingModel } from '../../lib/index.js';
import { modelPath } from '../../models/random/cached.js';
import { cosineDistance } from '../native/fixtures.js';

const model = await EmbeddingModel.load('mini-rope', { backend: 'cpu', threads: 1 });
const ape = await EmbeddingModel.load('mini-ape', { backend: 'cpu', threads: 1 });
const causal = await EmbeddingModel.load('mini-causal', { backend: 'cpu', threads: 1 });
afterAll(async () => {
  for (const one of [model, ape, causal]) await one.dispose();
});

const TEXT = [
  'The tenant pays the rent on the first day of each month. Late payments bear interest.\n',
  'The landlord repairs the roof — costs above 500 € are shared equally! Who pays for paint?\n',
  '\n',
  'Either party may end this contract with three months’ notice, in writing. 合同终止后,押金在三十天内退还。 It is then void 🏠🏠.',
].join('');

const textsOf = async (rule: ChunkRule, text = TEXT): Promise<string[]> => {
  const { chunks } = await model.embedChunks(text, { chunks: rule, extend: 'gp:2k' });
  return chunks.map(({ start, end }) => text.slice(start, end));
};

describe('a text is cut', () => {
  it('into sentences', async () => {
    const sentences = await textsOf('sentences');
    expect(sentences.slice(0, 4)).toEqual([
      'The tenant pays the rent on the first day of each month.',
      'Late payments bear interest.',
      'The landlord repairs the roof — costs above 500 € are shared equally!',
      'Who pays for paint?',
    ]);
    expect(sentences).toHaveLength(7);
  });

  it('alike under every locale of the machine: a Greek question ends at ";", which is none in English', () => {
    const split = new URL('../../lib/model/chunks/split.ts', import.meta.url).href;
    const program = `const { splitText } = await import(${JSON.stringify(split)});
      const rule = { by: 'sentences', size: 1, overlap: 0 };
      const spans = await splitText('Where is it; here it is. Yes; no.', rule, null);
      process.stdout.write(JSON.stringify([new Intl.Segmenter().resolvedOptions().locale, spans]));`;
    const args = ['--import', 'tsx', '--input-type=module', '--eval', program];
    const env = { ...process.env, LC_ALL: 'el_GR.UTF-8' };
    expect(JSON.parse(execFileSync(process.execPath, args, { env, encoding: 'utf8' }))).toEqual([
      'el-GR',
      [
        [0, 24],
        [25, 33],
      ],
    ]);
  });

  it('into paragraphs, and several with some that they share', async () => {
    const [first, second, ...others] = await textsOf('paragraphs');
    expect(first).toMatch(/^The tenant[^]*paint\?$/);
    expect(second).toMatch(/^Either party[^]*🏠🏠\.$/u);
    expect(others).toEqual([]);
    const pairs = await textsOf({ by: 'sentences', size: 2, overlap: 1 });
    expect(pairs).toHaveLength(6);
    expect(pairs[1]).toBe(
      'Late payments bear interest.\nThe landlord repairs the roof — costs above 500 € are shared equally!',
    );
  });

  it.each([1, 2, 3, 7, 20, 1000])('into words of at most %i tokens together', async (size) => {
    const { chunks, tokens } = await model.embedChunks(TEXT, { chunks: size, extend: 'gp:2k' });
    const content = tokens - 2;
    let end = 0;
    for (const chunk of chunks) {
      const count = chunk.tokenEnd - chunk.tokenStart;
      // a character that has more tokens than a chunk may hold stands alone
      if (count > size) expect(Array.from(TEXT.slice(chunk.start, chunk.end))).toHaveLength(1);
      expect(TEXT.slice(end, chunk.start).trim(), 'nothing between chunks').toBe('');
      end = chunk.end;
    }
    expect(TEXT.slice(end).trim()).toBe('');
    expect(chunks[0]!.tokenStart).toBe(0);
    expect(chunks.at(-1)!.tokenEnd).toBe(content);
    if (size === 20) expect(chunks.length).toBeLessThanOrEqual(Math.ceil(content / 13));
  });

  it('into chunks that share tokens', async () => {
    const { chunks } = await model.embedChunks(TEXT, {
      chunks: { by: 'tokens', size: 20, overlap: 6 },
      extend: 'gp:2k',
    });
    for (const [i, { start }] of chunks.entries()) {
      if (i > 0) expect(start).toBeLessThanOrEqual(chunks[i - 1]!.end);
      if (i > 0) expect(start).toBeGreaterThan(chunks[i - 1]!.start);
    }
    expect(chunks.some(({ start }, i) => i > 0 && start < chunks[i - 1]!.end)).toBe(true);
  });

  it('as long texts without blanks are', async () => {
    const text = '押金'.repeat(400);
    const chunks = await textsOf(50, text);
    expect(chunks.join('')).toBe(text);
    expect(chunks.length).toBeGreaterThan(10);
  });
});

describe('a chunk', () => {
  it('that is the whole text has the mean of the content tokens', async () => {
    const whole = await model.embedChunks({ text: TEXT, spans: [[0, TEXT.length]] });
    const ids = await model.tokenize(TEXT);
    const parts = await model.embedChunks(
      { tokens: ids, spans: Array.from(ids, (_, i) => [i, i + 1] as const) },
      { normalize: false },
    );
    const mean = Float64Array.from(whole.embedding, (_, d) =>
      parts.chunks.reduce((sum, { embedding }) => sum + embedding[d]!, 0),
    );
    expect(cosineDistance(whole.chunks[0]!.embedding, mean)).toBeLessThan(1e-12);
    expect(cosineDistance(whole.embedding, (await model.embed(TEXT)).embedding)).toBeLessThan(1e-12);
  });

  it('is the same given as a string or as a span', async () => {
    const chunks = ['One lease, ', 'two parties, ', 'three signatures.'];
    const given = await model.embedChunks(chunks);
    const spans = given.chunks.map(({ start, end }) => [start, end] as const);
    expect(spans).toEqual([
      [0, 11],
      [11, 24],
      [24, 41],
    ]);
    const again = await model.embedChunks({ text: chunks.join(''), spans });
    expect(again).toEqual(given);
    const ids = await Promise.all(chunks.map((chunk) => model.tokenize(chunk)));
    expect(given.chunks.map(({ tokenStart, tokenEnd }) => tokenEnd - tokenStart)).toEqual(
      ids.map(({ length }) => length),
    );
  });

  it('sees the rest of the document, gaps included', async () => {
    const spans = [[0, 10]] as const;
    const one = await model.embedChunks({ text: 'Its rent is high, as the flat is large.', spans });
    const other = await model.embedChunks({ text: 'Its rent is high, as the ship is small.', spans });
    expect(cosineDistance(one.chunks[0]!.embedding, other.chunks[0]!.embedding)).toBeGreaterThan(1e-4);
  });

  it('may overlap another, and come in any order', async () => {
    const spans = [
      [9, 24],
      [0, 16],
      [0, 41],
    ] as const;
    const text = 'One lease, two parties, three signatures.';
    const { chunks } = await model.embedChunks({ text, spans });
    expect(chunks.map(({ start, end }) => [start, end])).toEqual(spans);
    const alone = await model.embedChunks({ text, spans: [[0, 41]] });
    expect(chunks[2]!.tokenEnd).toBeGreaterThanOrEqual(alone.chunks[0]!.tokenEnd);
  });

  it('is pooled as the model pools: the last token of a causal one', async () => {
    const ids = await causal.tokenize(TEXT);
    const { chunks } = await causal.embedChunks({
      tokens: ids,
      spans: [
        [0, 9],
        [8, 9],
      ],
    });
    expect(cosineDistance(chunks[0]!.embedding, chunks[1]!.embedding)).toBeLessThan(1e-12);
    const cut = await causal.embedChunks({ tokens: ids.slice(0, 12), spans: [[0, 9]] });
    expect(cosineDistance(chunks[0]!.embedding, cut.chunks[0]!.embedding)).toBeLessThan(1e-10);
  });
});

async function all<T>(results: AsyncIterable<T>): Promise<T[]> {
  const list: T[] = [];
  for await (const result of results) list.push(result);
  return list;
}

describe('documents', () => {
  const long = Array.from({ length: 60 }, () => TEXT).join('\n');

  it('past the target are computed in windows, none of their chunks left out', async () => {
    for (const extend of ['none', 'pcw:2k', 'gp:1k']) {
      const { chunks, windows, tokens, truncated } = await model.embedChunks(long, {
        extend,
        chunks: 'sentences',
      });
      expect({ truncated, many: windows > 1 }).toEqual({ truncated: false, many: true });
      expect(chunks).toHaveLength(7 * 60);
      expect(chunks.at(-1)!.tokenEnd).toBe(tokens - 2);
    }
  });

  it('fail alone, in order', async () => {
    const inputs = [
      { id: 'a', text: 'One. Two.' },
      { id: 'b', text: ' ' },
      { id: 'c', chunks: ['x', 'y'] },
    ];
    const results = await all(model.embedManyChunks(inputs, { chunks: 'sentences' }));
    expect(
      results.map((result) =>
        'error' in result ? [result.id, result.error.code] : [result.id, result.chunks.length],
      ),
    ).toEqual([
      ['a', 2],
      ['b', 'ERR_INPUT_EMPTY'],
      ['c', 2],
    ]);
  });

  it('give the same vectors alone and with others', async () => {
    const alone = await model.embedChunks(TEXT, { chunks: 'sentences' });
    const [, same] = await all(
      model.embedManyChunks([long, TEXT, long], { chunks: 'sentences', extend: 'none' }),
    );
    expect(same).toEqual({ index: 1, ...alone });
  });
});

describe('embedChunks refuses', () => {
  it.each<[string, unknown, unknown, string, RegExp]>([
    ['an empty chunk', ['a', ' '], {}, 'ERR_INPUT_EMPTY', /Chunk 1 is empty/],
    ['no chunks', [], {}, 'ERR_INPUT_EMPTY', /is empty/],
    ['a chunk that is no string', ['a', 7], {}, 'ERR_INVALID_OPTION', /Chunk 1 is 7/],
    [
      'a span past the end',
      { text: 'abc', spans: [[0, 4]] },
      {},
      'ERR_INVALID_OPTION',
      /Span 0 is .*from 0 to 3/,
    ],
    ['a span that is none', { text: 'abc', spans: [[2, 1]] }, {}, 'ERR_INVALID_OPTION', /Span 0/],
    [
      'half a character',
      { text: '🏠🏠', spans: [[0, 1]] },
      {},
      'ERR_INVALID_OPTION',
      /cuts a character in two at 1/,
    ],
    ['half a surrogate pair', '\ud83c', {}, 'ERR_TOKENIZER', /well-formed/],
    ['text and chunks', { text: 'a', chunks: ['a'] }, {}, 'ERR_INVALID_OPTION', /give one of them/],
    ['a rule of 0 tokens', 'a', { chunks: 0 }, 'ERR_INVALID_OPTION', /chunks is 0/],
    ['an unknown rule', 'a', { chunks: 'pages' }, 'ERR_INVALID_OPTION', /chunks is "pages"/],
    [
      'an overlap as large as the size',
      'a',
      { chunks: { by: 'tokens', size: 4, overlap: 4 } },
      'ERR_INVALID_OPTION',
      /less than the size/,
    ],
    [
      'sentences of token ids',
      { tokens: [5, 6] },
      { chunks: 'sentences' },
      'ERR_INVALID_OPTION',
      /no sentences/,
    ],
    ['ids that the vocabulary lacks', { tokens: [1e9] }, {}, 'ERR_TOKENIZER', /Token 0/],
    ['an unknown option', 'a', { chunk: 4 }, 'ERR_INVALID_OPTION', /chunk is not known/],
    ['pooling by the first token', 'a', { pooling: 'cls' }, 'ERR_INVALID_OPTION', /pooling "mean"/],
  ])('%s', async (_what, input, options, code, message) => {
    await expect(model.embedChunks(input as ChunkInput, options as object)).rejects.toMatchObject({
      code,
      message: expect.stringMatching(message) as string,
    });
  });

  it("models that llama.cpp's context runs", async () => {
    await using other = await EmbeddingModel.load(modelPath('t5encoder-biases'), {
      backend: 'cpu',
      pooling: 'mean',
    });
    await expect(other.embedChunks('a b')).rejects.toMatchObject({ code: 'ERR_ARCHITECTURE_UNSUPPORTED' });
  });
});

describe('vectors of windows', () => {
  it('are those whose mean is the vector of the document', async () => {
    const text = Array.from({ length: 12 }, () => TEXT).join('\n');
    const { windowEmbeddings, windows, embedding } = await ape.embed(text, {
      extend: 'pcw:2k',
      vectors: 'windows',
      normalize: false,
    });
    expect(windowEmbeddings).toHaveLength(windows);
    const mean = Float64Array.from(embedding, (_, d) =>
      windowEmbeddings!.reduce((sum, one) => sum + one.embedding[d]! / windows, 0),
    );
    expect(cosineDistance(mean, embedding)).toBeLessThan(1e-12);
    expect(windowEmbeddings!.map(({ tokenStart }) => tokenStart)).toEqual(
      [...windowEmbeddings!.map(({ tokenStart }) => tokenStart)].sort((a, b) => a - b),
    );
    expect(await ape.embed(text, { extend: 'pcw:2k' })).not.toHaveProperty('windowEmbeddings');
  });
});
