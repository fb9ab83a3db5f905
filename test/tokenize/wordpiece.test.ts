/** WordPiece with the file's own vocabulary against Hugging Face's tokenizers: fixtures by make_wordpiece_fixture.py. */
import { createWriteStream, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { GgufFile, ggufPieces, type MetadataEntry } from '../../lib/gguf/index.js';
import { Vocabulary } from '../../lib/tokenize/index.js';

interface Way {
  lowercase: boolean;
  strip_accents: boolean;
  /** Hashes of the blocks in order, each with the number of neighbours that have it too. */
  sweep: [hash: string, times: number][];
  ids: number[][];
}

const FIXTURE = JSON.parse(readFileSync(new URL('../fixtures/wordpiece.json', import.meta.url), 'utf8')) as {
  block: number;
  texts: string[];
  ways: Record<string, Way>;
};

const GGUF = fileURLToPath(
  new URL('../../vendor/llama.cpp/models/ggml-vocab-bert-bge.gguf', import.meta.url),
);
const folder = mkdtempSync(join(tmpdir(), 'longembed-wordpiece-'));
afterAll(() => {
  rmSync(folder, { recursive: true, force: true });
});

/** The vocabulary's file with the keys of a way to normalize. */
async function fileFor(name: string, { lowercase, strip_accents }: Way): Promise<string> {
  const path = join(folder, `${name}.gguf`);
  await using source = await GgufFile.open(GGUF);
  const flag = (key: string, value: boolean): MetadataEntry => ({
    key: `tokenizer.ggml.normalizer.${key}`,
    type: 'bool',
    bytes: Uint8Array.of(value ? 1 : 0),
  });
  const metadata = source.header.metadata.filter(({ key }) => !key.startsWith('tokenizer.ggml.normalizer.'));
  const flags = [flag('lowercase', lowercase), flag('strip_accents', strip_accents)];
  const content = { version: 3, alignment: 32, metadata: [...metadata, ...flags], tensors: [] };
  await pipeline(Readable.from(ggufPieces(content)), createWriteStream(path));
  return path;
}

function fnv1a(numbers: Iterable<number>): string {
  let state = 0x811c9dc5;
  for (const number of numbers) {
    for (const shift of [0, 8, 16, 24])
      state = Math.imul(state ^ ((number >> shift) & 0xff), 0x01000193) >>> 0;
  }
  return state.toString(16).padStart(8, '0');
}

/** `aXb` for every code point X of a block, half surrogate pairs left out. */
function textOfBlock(first: number): string {
  const texts: string[] = [];
  for (let code = first; code < first + FIXTURE.block; code += 1) {
    if (code < 0xd800 || code > 0xdfff) texts.push(`a${String.fromCodePoint(code)}b`);
  }
  return texts.join(' . ');
}

describe.each(Object.entries(FIXTURE.ways))('%s', (name, way) => {
  let vocabulary: Vocabulary;
  beforeAll(async () => {
    vocabulary = await Vocabulary.load(await fileFor(name, way));
  });

  it("gives the ids of the model's own tokenizer", async () => {
    expect(FIXTURE.texts.length).toBeGreaterThan(150);
    for (const [index, text] of FIXTURE.texts.entries()) {
      expect([...(await vocabulary.tokenize(text))], JSON.stringify(text)).toEqual(way.ids[index]);
    }
  });

  it('gives them for every code point', async () => {
    const expected = way.sweep.flatMap(([hash, times]) => Array.from({ length: times }, () => hash));
    expect(expected).toHaveLength(0x110000 / FIXTURE.block);
    const wrong: string[] = [];
    for (const [index, hash] of expected.entries()) {
      const first = index * FIXTURE.block;
      const found = fnv1a(await vocabulary.tokenize(textOfBlock(first)));
      if (found !== hash) wrong.push(`U+${first.toString(16)}`);
    }
    expect(wrong).toEqual([]);
  });
});
