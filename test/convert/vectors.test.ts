/** Converted files give the token ids and vectors of the checkpoints that they were made of. */
import { describe, expect, it } from 'vitest';
import { join } from 'node:path';
import { convertModel, EmbeddingModel } from '../../lib/index.js';
import { cosineDistance } from '../native/fixtures.js';
import { ALL_CHECKPOINTS, CHECKPOINTS, type CheckpointName, expectedOf, newPath } from './helpers.js';

const ARCHITECTURES: Readonly<Record<CheckpointName, string>> = {
  bert: 'bert',
  'bert-parts': 'bert',
  e5rope: 'jina-bert-v3',
  gtr: 't5encoder',
  'sentence-t5-gated': 't5encoder',
  gemma: 'gemma-embedding',
};

/** Largest 1 − cosine by the type of the matrices. The files of 8 bits are of matrices with 32 columns, a block each. */
const LARGEST = { f32: 1e-8, f16: 1e-5, q8_0: 3e-3 } as const;

async function convertAndLoad(name: CheckpointName, type: keyof typeof LARGEST): Promise<EmbeddingModel> {
  const path = newPath();
  const written = await convertModel(join(CHECKPOINTS, name), path, { type });
  expect(written).toMatchObject({ path, type, name, architecture: ARCHITECTURES[name] });
  return EmbeddingModel.load(path, {
    backend: 'cpu',
    pooling: expectedOf(name).pooling,
    prompts: { query: '', document: '' },
  });
}

describe.each(ALL_CHECKPOINTS)('%s', (name) => {
  it.each(['f32', 'f16', 'q8_0'] as const)('gives the vectors of transformers, %s', async (type) => {
    await using model = await convertAndLoad(name, type);
    for (const { text, vector } of expectedOf(name).cases) {
      const { embedding } = await model.embed(text);
      expect(embedding.length).toBe(vector.length);
      expect(cosineDistance(embedding, vector), text).toBeLessThan(LARGEST[type]);
    }
  });

  it('gives the token ids of its tokenizer', async () => {
    await using model = await convertAndLoad(name, 'f16');
    const { prefix, suffix } = model.info.specialTokens;
    for (const { text, ids } of expectedOf(name).cases) {
      expect([...prefix, ...(await model.tokenize(text)), ...suffix], text).toEqual(ids);
    }
  });

  it('has texts whose vectors differ', async () => {
    const [first, second] = expectedOf(name).cases;
    expect(cosineDistance(first?.vector ?? [], second?.vector ?? [])).toBeGreaterThan(0.01);
    await Promise.resolve();
  });
});
