/**
 * Checkpoints with one thing changed at random, always the same: each gives a named error, or a file that loads and embeds or is
 * refused with a named error. A crash would end the test's process.
 */
import { mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { basename, dirname, join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { ERROR_CODES } from '../../lib/error.js';
import { convertModel, EmbeddingModel, LongEmbedError } from '../../lib/index.js';
import { Random } from '../mutation/random.js';
import { ALL_CHECKPOINTS, copyOf, newPath } from './helpers.js';

/** Changes of each checkpoint. */
const CHANGES = 60;

const VALUES: readonly unknown[] = [
  0,
  -1,
  1,
  2,
  3,
  0.5,
  1e9,
  2 ** 31,
  2 ** 53,
  -1e300,
  true,
  false,
  null,
  '',
  'x',
  '../..',
  '\u0000',
  [],
  {},
  [[]],
  [1e9, 1e9],
];

/** Replaces or removes something in a JSON value: nearer the top more often than deep in a vocabulary. */
function changeJson(value: unknown, random: Random): unknown {
  if (typeof value !== 'object' || value === null || random.below(8) === 0) return random.pick(VALUES);
  const keys = Object.keys(value);
  if (keys.length === 0) return random.pick(VALUES);
  const key = random.pick(keys);
  if (Array.isArray(value)) {
    const items = [...(value as unknown[])];
    if (random.below(6) === 0) items.splice(Number(key), 1);
    else items[Number(key)] = changeJson(items[Number(key)], random);
    return items;
  }
  const object = { ...value } as Record<string, unknown>;
  if (random.below(6) === 0) Reflect.deleteProperty(object, key);
  else object[key] = changeJson(object[key], random);
  return object;
}

function changeText(path: string, random: Random): void {
  const json: unknown = JSON.parse(readFileSync(path, 'utf8'));
  writeFileSync(path, JSON.stringify(changeJson(json, random)));
}

/** A byte, a length, a cut, or the header's JSON. */
function changeWeights(path: string, random: Random): void {
  const bytes = readFileSync(path);
  const length = Number(bytes.readBigUInt64LE());
  switch (random.below(5)) {
    case 0:
      bytes[random.below(8)] = random.below(256);
      break;
    case 1:
      bytes[8 + random.below(length)] = random.below(256);
      break;
    case 2:
      writeFileSync(path, bytes.subarray(0, random.below(bytes.length)));
      return;
    default: {
      const header = changeJson(JSON.parse(bytes.subarray(8, 8 + length).toString()), random);
      const text = Buffer.from(JSON.stringify(header));
      const size = Buffer.alloc(8);
      size.writeBigUInt64LE(BigInt(text.length));
      writeFileSync(path, Buffer.concat([size, text, bytes.subarray(8 + length)]));
      return;
    }
  }
  writeFileSync(path, bytes);
}

function filesIn(folder: string): string[] {
  return readdirSync(folder, { recursive: true, encoding: 'utf8' })
    .filter((name) => /\.(json|safetensors)$/.test(name) && basename(name) !== 'expected.json')
    .sort()
    .map((name) => join(folder, name));
}

/** What came of it: an error's code, or `embedded`. */
async function outcome(folder: string): Promise<string> {
  const output = newPath();
  mkdirSync(dirname(output), { recursive: true });
  try {
    await convertModel(folder, output, { type: 'f32' });
    await using model = await EmbeddingModel.load(output, { backend: 'cpu', pooling: 'mean', preset: false });
    await model.embed('The contract ends.');
    return 'embedded';
  } catch (error) {
    if (error instanceof LongEmbedError) {
      expect(error.message.length).toBeLessThan(1000);
      return error.code;
    }
    throw error;
  }
}

describe.each(ALL_CHECKPOINTS)('%s', (name) => {
  it(`${CHANGES} changes give named errors or files that load`, { timeout: 120_000 }, async () => {
    const counts = new Map<string, number>();
    for (let i = 0; i < CHANGES; i += 1) {
      const random = new Random(1000 * ALL_CHECKPOINTS.indexOf(name) + i);
      const folder = copyOf(name);
      const files = filesIn(folder);
      const path = random.pick(files);
      if (path.endsWith('.json')) changeText(path, random);
      else changeWeights(path, random);
      const code = await outcome(folder).catch((error: unknown) => {
        throw new Error(`change ${i} of ${path}`, { cause: error });
      });
      counts.set(code, (counts.get(code) ?? 0) + 1);
    }
    const codes = [...counts.keys()].filter((code) => code !== 'embedded');
    expect(ERROR_CODES).toEqual(expect.arrayContaining(codes));
    // Both happen: changes that matter, and those in what no conversion reads.
    expect(counts.get('ERR_MODEL_INVALID')).toBeGreaterThan(CHANGES / 6);
    expect(counts.get('embedded')).toBeGreaterThan(0);
  });
});
