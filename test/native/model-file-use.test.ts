/** Model files that load, and what is computed of them. */
import { readFileSync, writeFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { padding } from '../../lib/gguf/format.js';
import { EmbeddingModel } from '../../lib/index.js';
import { modelPath, type SpecName } from '../../models/random/cached.js';
import { errorOf } from '../isolate/errors.js';
import { addTensor, type Pieces, putTogether, takeApart } from '../mutation/pieces.js';
import { broken, byLayer, F16, number, path, tensor } from './model-files.js';

it('sizes by layer are fine where all are the same', async () => {
  const file = broken('bert', byLayer('bert.feed_forward_length', 128, 128, 128, 128));
  await using model = await EmbeddingModel.load(file, { threads: 1 });
  await using other = await EmbeddingModel.load(modelPath('bert'), { threads: 1 });
  expect((await model.embed([5, 6, 7])).embedding).toEqual((await other.embed([5, 6, 7])).embedding);
});

it('biases by distance of any layer after the first are not ignored', async () => {
  const file = broken('t5encoder', (pieces) => {
    addTensor(pieces, 'enc.blk.2.attn_rel_b.weight', [4, 32], new Float32Array(4 * 32).fill(1));
  });
  await using model = await EmbeddingModel.load(file, { threads: 1 });
  expect(model.info.engine).toBe('llama_context');
  await using other = await EmbeddingModel.load(modelPath('t5encoder'), { threads: 1 });
  expect(other.info.engine).toBe('graph');
});

describe('weights that lie at multiples of', () => {
  /** The same model with another alignment. */
  function aligned(model: SpecName, alignment: number): string {
    const pieces = takeApart(readFileSync(modelPath(model)));
    number('general.alignment', alignment)(pieces);
    const parts: Uint8Array[] = [];
    let length = 0;
    for (const [i, row] of pieces.tensors.entries()) {
      const next = pieces.tensors[i + 1]?.offset ?? BigInt(pieces.data.length);
      const bytes = pieces.data.subarray(Number(row.offset), Number(next));
      row.offset = BigInt(length);
      parts.push(bytes, new Uint8Array(padding(bytes.length, alignment)));
      length += bytes.length + padding(bytes.length, alignment);
    }
    pieces.data = Buffer.concat(parts);
    writeFileSync(path, putTogether(pieces, alignment));
    return path;
  }

  it.each([1, 4, 8, 16, 64, 4096])('%s bytes are read where they cannot be mapped', async (alignment) => {
    await using other = await EmbeddingModel.load(modelPath('bert'), { threads: 1 });
    const { embedding } = await other.embed('The grass is green.');
    for (const mmap of [true, false]) {
      await using model = await EmbeddingModel.load(aligned('bert', alignment), { threads: 1, mmap });
      expect((await model.embed('The grass is green.')).embedding).toEqual(embedding);
    }
  });
});

it.each(['nan', 'minus infinity'])('damaged weights before ReLU are an error: %s', async (what) => {
  const file = broken('t5encoder', (pieces) => {
    const data = Buffer.from(pieces.data);
    const at = Number(tensor(pieces, 'enc.blk.1.ffn_up.weight').offset);
    for (let i = 0; i < 64; i++) data.writeFloatLE(what === 'nan' ? NaN : -Infinity, at + 4 * i);
    pieces.data = data;
  });
  await using model = await EmbeddingModel.load(file, { threads: 1, backend: 'cpu' });
  expect((await errorOf(model.embed('The grass is green.'))).code).toBe('ERR_BACKEND');
});

/** Gives a tensor another type and shortens its data to what that takes. */
function retype(pieces: Pieces, name: string, type: number, bytes: number): void {
  const index = pieces.tensors.findIndex((one) => one.name === name);
  const { offset } = pieces.tensors[index]!;
  const cut = pieces.tensors[index + 1]!.offset - offset - BigInt(bytes);
  pieces.tensors[index]!.type = type;
  for (const later of pieces.tensors.slice(index + 1)) later.offset -= cut;
  const end = Number(offset) + bytes;
  pieces.data = Buffer.concat([pieces.data.subarray(0, end), pieces.data.subarray(end + Number(cut))]);
}

it.each([1, 2, 4])('an assertion in a graph of llama.cpp is an error, on %s threads too', async (threads) => {
  // That a row of this matrix is added to others shows only when llama.cpp computes, which it does for models with experts.
  const file = broken('bert', (pieces) => {
    number('bert.expert_count', 2)(pieces);
    number('bert.expert_used_count', 1)(pieces);
    retype(pieces, 'token_types.weight', F16, 2 * 2 * 64);
  });
  await using model = await EmbeddingModel.load(file, { threads });
  for (let i = 0; i < 2; i += 1) {
    const { code, message } = await errorOf(model.embed('The grass is green.'));
    expect([code, message]).toEqual([
      'ERR_BACKEND',
      expect.stringContaining('An assertion in llama.cpp failed: '),
    ]);
  }
});
