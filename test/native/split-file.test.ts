/** Model files in parts: all of them are read and checked, whatever lies where. */
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, expect, it } from 'vitest';
import { EmbeddingModel } from '../../lib/index.js';
import { modelPath, type SpecName } from '../../models/random/cached.js';
import { errorOf } from '../isolate/errors.js';
import { addTensor, type Pieces, putTogether, takeApart } from '../mutation/pieces.js';
import { writeInTwoParts } from '../mutation/split.js';

const folder = mkdtempSync(join(tmpdir(), 'longembed-split-'));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

const piecesOf = (model: SpecName): Pieces => takeApart(readFileSync(modelPath(model)));

async function vectorOf(path: string): Promise<Float32Array> {
  await using model = await EmbeddingModel.load(path, { threads: 1 });
  return (await model.embed('The grass is green.')).embedding;
}

it('a part that is missing is named', async () => {
  const [first, second] = writeInTwoParts(piecesOf('bert'), 8, join(folder, 'missing'));
  rmSync(second);
  const { code, message } = await errorOf(EmbeddingModel.load(first));
  expect([code, message]).toEqual(['ERR_MODEL_NOT_FOUND', expect.stringContaining(`"${second}"`)]);
});

it('the first part names the model', async () => {
  const pieces = piecesOf('llama');
  const parts = writeInTwoParts(pieces, Math.ceil(pieces.tensors.length / 2), join(folder, 'half'));
  expect(await vectorOf(parts[0])).toEqual(await vectorOf(modelPath('llama')));
  const { message } = await errorOf(EmbeddingModel.load(parts[1]));
  expect(message).toContain('it is part 2 of a split model: give the first.');
});

it('the parts are checked as a whole', async () => {
  const pieces = piecesOf('llama');
  pieces.tensors.pop();
  const parts = writeInTwoParts(pieces, 8, join(folder, 'less'));
  const { message } = await errorOf(EmbeddingModel.load(parts[0]));
  expect(message).toContain('it has no tensor "blk.3.ffn_down.weight"');
});

/** Of as many outputs as inputs, so that a vector without it would have as many dimensions. */
function addDense(pieces: Pieces, name: string): void {
  addTensor(
    pieces,
    `${name}.weight`,
    [64, 64],
    Float32Array.from({ length: 64 * 64 }, (_, i) => Math.sin(i)),
  );
}

function addDenseWithBias(pieces: Pieces): void {
  addDense(pieces, 'dense_2');
  addTensor(
    pieces,
    'dense_2.bias',
    [64],
    Float32Array.from({ length: 64 }, (_, i) => Math.cos(i)),
  );
}

const nothing = (): void => undefined;

const DENSE: readonly [string, SpecName, (pieces: Pieces) => void, number][] = [
  ['a dense layer', 't5encoder-gated', nothing, 1],
  ['a square dense layer', 't5encoder', (pieces) => addDense(pieces, 'dense_2'), 1],
  ['a bias of a dense layer', 't5encoder', addDenseWithBias, 1],
  [
    'a second dense layer',
    't5encoder',
    (pieces) => {
      addDense(pieces, 'dense_2');
      addDense(pieces, 'dense_3');
    },
    1,
  ],
  ['both dense layers of EmbeddingGemma', 'gemma-embedding-head', nothing, 2],
];

it.each(DENSE)('%s after pooling may lie in the second part', async (_, model, change, last) => {
  const pieces = piecesOf(model);
  change(pieces);
  const moved = pieces.tensors.slice(-last);
  expect(moved.every(({ name }) => name.startsWith('dense_'))).toBe(true);
  const whole = join(folder, 'whole.gguf');
  writeFileSync(whole, putTogether(pieces));
  const [first] = writeInTwoParts(pieces, pieces.tensors.length - last, join(folder, 'dense'));
  expect(await vectorOf(first)).toEqual(await vectorOf(whole));
});
