/** A model file that is written to while its model is in use: an error, where the process died or vectors went wrong. */
import {
  copyFileSync,
  mkdtempSync,
  renameSync,
  rmSync,
  truncateSync,
  utimesSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, expect, it } from 'vitest';
import { EmbeddingModel } from '../../lib/index.js';
import { modelPath } from '../../models/random/cached.js';

const folder = mkdtempSync(join(tmpdir(), 'longembed-changed-'));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

const source = modelPath('bert');
let copies = 0;

/** Loads a copy of a model, has it changed, and embeds the same text before and after. */
async function embedAround(
  change: (path: string) => void,
  options: { mmap?: boolean; isolate?: boolean } = {},
) {
  const path = join(folder, `${++copies}.gguf`);
  copyFileSync(source, path);
  await using model = await EmbeddingModel.load(path, { backend: 'cpu', ...options });
  const before = await model.embed([5, 6, 7]);
  change(path);
  const after = await model.embed([5, 6, 7]).catch((error: unknown) => error);
  return { before, after };
}

const refused = { code: 'ERR_MODEL_INVALID', message: expect.stringContaining('load it again') as string };

it.each([
  ['shortened', (path: string) => truncateSync(path, 4096)],
  ['overwritten in place', (path: string) => copyFileSync(modelPath('nomic-bert'), path)],
  ['overwritten with as many bytes', (path: string) => utimesSync(path, 1, 1)],
])('%s', async (_, change) => {
  expect((await embedAround(change)).after).toMatchObject(refused);
  expect((await embedAround(change, { isolate: true })).after).toMatchObject(refused);
});

it.each([
  ['replaced by another', (path: string) => renameSync(copyOf(modelPath('nomic-bert')), path)],
  ['deleted', (path: string) => rmSync(path)],
])('%s: the model in use stays as it is', async (_, change) => {
  const { before, after } = await embedAround(change);
  expect(after).toEqual(before);
});

it('is read once without mmap: later changes do not matter', async () => {
  const { before, after } = await embedAround((path) => writeFileSync(path, ''), { mmap: false });
  expect(after).toEqual(before);
});

function copyOf(path: string): string {
  const copy = join(folder, 'other.gguf');
  copyFileSync(path, copy);
  return copy;
}
