/** Chunks of a number of tokens, over the vocabulary of every kind of tokenizer: their size, what they share, what they leave out. */
import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { beforeAll, describe, expect, it } from 'vitest';

import { checkChunkRule } from '../../lib/model/chunks/rule.js';
import { prepareChunks } from '../../lib/model/chunks/prepare.js';
import type { ChunkSpan } from '../../lib/model/chunks/types.js';
import type { Document } from '../../lib/model/document.js';
import { configure } from '../../lib/model/configure.js';
import { type Engine, PromptTokens } from '../../lib/model/engine.js';
import { resolveEmbedOptions } from '../../lib/model/options.js';
import { Vocabulary } from '../../lib/tokenize/index.js';
import { ROPE_FACTS } from './fake-native.js';

const VOCABULARIES = {
  WordPiece: 'bert-bge',
  SentencePiece: 'llama-spm',
  'byte-level BPE': 'gpt-2',
  "byte-level BPE with Qwen2's pre-tokenizer": 'qwen2',
  Unigram: 'nomic-bert-moe',
};

const ENGLISH = readFileSync(new URL('../fixtures/english.txt', import.meta.url), 'utf8');
const TEXTS = {
  'English prose': ENGLISH.slice(0, 900),
  'code and other scripts': [
    'function merge(a: Map<string, number>): void {\n    for (const [key, value] of a) {\n\t\tif (!value) continue;\n    }\n}\r\n',
    '\r\n\r\n«Où est l’été?» — costs above 500 € are shared.   合同终止后,押金在三十天内退还。 It is void 🏠🏠.\n\n\n  סוף\n',
  ].join(''),
  'runs of white space': `  \n one${' '.repeat(200)}two three${'\n'.repeat(90)}four, five${'\t '.repeat(70)}six seven eight  `,
  'a word longer than a chunk': `a ${'iVBORw0KGgoAAAANSUhEUg'.repeat(12)} b, and words after it`,
};

/** A document cut by a rule, or at spans, and tokenized; nothing is embedded. */
async function prepared(
  vocabulary: Vocabulary,
  text: string,
  chunks: { size: number; overlap: number } | ChunkSpan[],
  prompt = '',
): Promise<Document & { content: Int32Array }> {
  const tokenizer = {
    tokenize: (piece: string) => ({ promise: vocabulary.tokenize(piece), cancel: () => undefined }),
    dispose: () => Promise.resolve(),
  };
  const settings = configure(ROPE_FACTS, {});
  const engine = { tokenizer, settings, promptTokens: new PromptTokens(tokenizer) } as unknown as Engine;
  return prepareChunks(
    { text, spans: Array.isArray(chunks) ? chunks : null },
    checkChunkRule(Array.isArray(chunks) ? 256 : { by: 'tokens', ...chunks }),
    engine,
    resolveEmbedOptions({ prompt, extend: 'gp:512' }, settings),
    (job) => job.promise,
  );
}

describe.each(Object.entries(VOCABULARIES))('%s', (_kind, name) => {
  let vocabulary: Vocabulary;
  beforeAll(async () => {
    vocabulary = await Vocabulary.load(
      fileURLToPath(new URL(`../../vendor/llama.cpp/models/ggml-vocab-${name}.gguf`, import.meta.url)),
    );
  });

  const rules = [
    [64, 0],
    [64, 16],
    [20, 19],
    [9, 3],
    [5, 0],
    [5, 4],
    [1, 0],
  ] as const;

  describe.each(Object.entries(TEXTS))('%s', (_what, text) => {
    it.each(rules)('%i tokens, of which neighbours share %i', async (size, overlap) => {
      for (const prompt of ['', 'query: ']) {
        const { parts, content } = await prepared(vocabulary, text, { size, overlap }, prompt);
        let [start, end, tokenEnd] = [-1, 0, 0];
        for (const part of parts) {
          const chunk = text.slice(part.start!, part.end!);
          const tokens = part.tokenEnd - part.tokenStart;
          // a character that has more tokens than a chunk may hold stands alone
          if (tokens > size) expect(Array.from(chunk)).toHaveLength(1);
          expect(chunk.trim()).toBe(chunk);
          expect(text.slice(end, part.start!).trim(), 'only white space between chunks').toBe('');
          expect(part.start!).toBeGreaterThan(start);
          expect(part.end!, 'a chunk has text that the one before it has not').toBeGreaterThan(end);
          expect(tokenEnd - part.tokenStart).toBeLessThanOrEqual(overlap);
          if (part.start! < end) expect(part.tokenStart).toBeLessThan(tokenEnd);
          ({ start, end, tokenEnd } = part as Required<typeof part> & { start: number; end: number });
        }
        expect(text.slice(end).trim()).toBe('');
        expect(tokenEnd).toBe(content.length);
      }
    });
  });

  it('fills chunks, and shares what was asked for', async () => {
    const { parts } = await prepared(vocabulary, ENGLISH, { size: 64, overlap: 16 });
    const sizes = parts.slice(0, -1).map(({ tokenStart, tokenEnd }) => tokenEnd - tokenStart);
    const shared = parts.slice(1).map(({ tokenStart }, i) => parts[i]!.tokenEnd - tokenStart);
    expect(Math.min(...sizes)).toBeGreaterThan(56);
    expect(Math.min(...shared)).toBeGreaterThan(8);
  });

  it('tokenizes chunks that overlap as those that do not', async () => {
    const { parts, content } = await prepared(vocabulary, ENGLISH, { size: 64, overlap: 16 });
    const ends = parts.map(({ end }) => end!);
    const apart = ends.map((end, i): ChunkSpan => [
      ENGLISH.indexOf(ENGLISH.slice(ends[i - 1] ?? 0).trim()),
      end,
    ]);
    expect([...(await prepared(vocabulary, ENGLISH, apart)).content]).toEqual([...content]);
  });

  it('counts a long gap of white space to no chunk, whoever cuts', async () => {
    const text = `a${' '.repeat(20_000)} b`;
    for (const chunks of [
      { size: 5, overlap: 0 },
      { size: 5, overlap: 2 },
      [
        [0, 1],
        [20_002, 20_003],
      ] as ChunkSpan[],
    ]) {
      const { parts, content } = await prepared(vocabulary, text, chunks);
      const tokens = parts.map(({ tokenStart, tokenEnd }) => tokenEnd - tokenStart);
      // WordPiece and Unigram drop white space, so that both words fit in one chunk
      if (content.length > 5)
        expect(parts.map(({ start, end }) => [start, end])).toEqual([
          [0, 1],
          [20_002, 20_003],
        ]);
      expect(Math.max(...tokens)).toBeLessThanOrEqual(4);
    }
  });
});

describe('spans of a caller', () => {
  it('cut the text where they begin and end, and have the tokens of their own text', async () => {
    const vocabulary = await Vocabulary.load(
      fileURLToPath(new URL('../../vendor/llama.cpp/models/ggml-vocab-gpt-2.gguf', import.meta.url)),
    );
    const text = 'One lease,\n\n\n two parties, three';
    const spans: ChunkSpan[] = [
      [14, 26],
      [0, 10],
      [2, 32],
    ];
    const { parts, content } = await prepared(vocabulary, text, spans);
    const tokensOf = async (...pieces: string[]): Promise<number[]> =>
      (await Promise.all(pieces.map(async (piece) => [...(await vocabulary.tokenize(piece))]))).flat();
    const tokens = parts.map(({ tokenStart, tokenEnd }) => [...content.slice(tokenStart, tokenEnd)]);
    expect(tokens).toEqual([
      await tokensOf('two parties,'),
      await tokensOf('On', 'e lease,'),
      await tokensOf('e lease,', '\n\n\n ', 'two parties,', ' three'),
    ]);
  });
});
