/** Every pre-tokenizer of llama.cpp on long runs without a break: no stack overflow, and time in proportion to length. */
import { createWriteStream, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { fileURLToPath } from 'node:url';
import { afterAll, expect, it } from 'vitest';
import { GgufFile, ggufPieces, stringEntry, u32Entry } from '../../lib/gguf/index.js';
import { Vocabulary } from '../../lib/tokenize/index.js';

const LLAMA = fileURLToPath(new URL('../../vendor/llama.cpp/', import.meta.url));
const GGUF = join(LLAMA, 'models/ggml-vocab-gpt-2.gguf');
const PRE = 'tokenizer.ggml.pre';

/** The names that llama.cpp knows, from its source. */
const names = [
  ...new Set(
    [...readFileSync(join(LLAMA, 'src/llama-vocab.cpp'), 'utf8').matchAll(/tokenizer_pre == "([^"]+)"/g)].map(
      ([, name]) => name!,
    ),
  ),
].sort();

/** Longer runs of more kinds: LONGEMBED_RUN_LENGTH=90000 npm test -- test/tokenize/long-runs.test.ts */
const asked = process.env['LONGEMBED_RUN_LENGTH'];
/** std::regex overflows an 8 MB stack from about 27,500. */
const LENGTH = Number(asked ?? 30_000);
const RUNS = {
  letters: 'a',
  dashes: '-',
  blanks: ' ',
  ...(asked === undefined
    ? {}
    : { capitals: 'A', digits: '7', newlines: '\n', Chinese: '中', Thai: 'ก', emoji: '😀', marks: '\u0301' }),
};

const folder = mkdtempSync(join(tmpdir(), 'longembed-runs-'));
afterAll(() => {
  rmSync(folder, { recursive: true, force: true });
});

async function load(pre: string): Promise<Vocabulary> {
  const path = join(folder, 'vocabulary.gguf');
  await using source = await GgufFile.open(GGUF);
  const metadata = [
    ...source.header.metadata.filter(({ key }) => key !== PRE),
    stringEntry(PRE, pre),
    // three of them take characters rather than bytes, of which this vocabulary lacks some
    u32Entry('tokenizer.ggml.unknown_token_id', 0),
  ];
  await pipeline(
    Readable.from(ggufPieces({ version: 3, alignment: 32, metadata, tensors: [] })),
    createWriteStream(path),
  );
  return await Vocabulary.load(path);
}

it('knows the names', () => {
  expect(names.length).toBeGreaterThanOrEqual(80);
});

it.each(names)(
  '%s',
  async (pre) => {
    const vocabulary = await load(pre);
    for (const [name, unit] of Object.entries(RUNS)) {
      const tokens = await vocabulary.tokenize(`x ${unit.repeat(LENGTH)} y`);
      expect(tokens.length, name).toBeGreaterThan(0);
    }
  },
  120_000,
);

it('takes time in proportion to the ready-made tokens of a text: runs of blanks in a table', async () => {
  const vocabulary = await Vocabulary.load(join(LLAMA, 'models/ggml-vocab-gpt-neox.gguf'));
  const row = 'a    b    ';
  const one = await vocabulary.tokenize(row);
  const begin = performance.now();
  const tokens = await vocabulary.tokenize(row.repeat(40_000));
  expect(tokens).toHaveLength(40_000 * one.length);
  // 0.3 s on a quiet core; llama.cpp alone takes 40
  expect(performance.now() - begin).toBeLessThan(10_000);
});
