/** A model file that is written to while its model is in use: an error, where the process died or vectors went wrong. */
import {
  copyFileSync,
  mkdtempSync,
  readFileSync,
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
import { takeApart } from '../mutation/pieces.js';
import { writeInTwoParts } from '../mutation/split.js';

const folder = mkdtempSync(join(tmpdir(), 'longembed-changed-'));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

const source = modelPath('bert');
let copies = 0;

interface Options {
  mmap?: boolean;
  isolate?: boolean;
  repack?: boolean;
}

/** Loads a copy of a model, has it changed, and embeds the same text before and after. */
async function embedAround(change: (path: string) => void, options: Options = {}) {
  const path = join(folder, `${++copies}.gguf`);
  copyFileSync(source, path);
  return await embedAndChange(path, () => change(path), options);
}

async function embedAndChange(path: string, change: () => void, options: Options) {
  await using model = await EmbeddingModel.load(path, { backend: 'cpu', ...options });
  const before = await model.embed([5, 6, 7]);
  change();
  const after = await model.embed([5, 6, 7]).catch((error: unknown) => error);
  return { before, after };
}

const refused = { code: 'ERR_MODEL_INVALID', message: expect.stringContaining('load it again') as string };

const WRITES: readonly [string, (path: string) => void][] = [
  ['shortened', (path) => truncateSync(path, 4096)],
  ['overwritten in place', (path) => copyFileSync(modelPath('nomic-bert'), path)],
  ['overwritten with as many bytes', (path) => utimesSync(path, 1, 1)],
];

it.each(WRITES)('%s', async (_, change) => {
  expect((await embedAround(change)).after).toMatchObject(refused);
  expect((await embedAround(change, { isolate: true })).after).toMatchObject(refused);
});

it.each(WRITES)('in its second part, %s', async (_, change) => {
  const [first, second] = writeInTwoParts(takeApart(readFileSync(source)), 8, join(folder, `${++copies}`));
  const { after } = await embedAndChange(first, () => change(second), { repack: false });
  expect(after).toMatchObject(refused);
  expect((after as Error).message).toContain(`"${second}" was written to`);
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
