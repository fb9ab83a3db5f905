// ONNX Runtime's side of the comparison, with what transformers.js runs on in Node: onnxruntime.mjs MODEL.onnx THREADS FOLDER, where
// onnxruntime-node is installed in FOLDER. Texts are batched as PyTorch's side does: by length, 32 at a time, padded.
import { createRequire } from 'node:module';
import { join } from 'node:path';
import process from 'node:process';
import { serve } from './protocol.mjs';

const BATCH = 32;
const [path = '', threads = '0', folder = ''] = process.argv.slice(2);
const { InferenceSession, Tensor } = createRequire(join(folder, 'package.json'))('onnxruntime-node');

await serve(async (sequences) => {
  const session = await InferenceSession.create(path, {
    intraOpNumThreads: Number(threads),
    graphOptimizationLevel: 'all',
  });
  const order = [...sequences.keys()].sort((a, b) => lengthOf(sequences, b) - lengthOf(sequences, a));
  /** @type {Float32Array[]} */
  let vectors = [];
  return {
    run: async () => {
      vectors = [];
      for (let first = 0; first < order.length; first += BATCH) {
        const batch = order.slice(first, first + BATCH);
        const means = await embed(batch.map((i) => sequences[i] ?? new Int32Array()));
        for (const [j, i] of batch.entries()) vectors[i] = means[j] ?? new Float32Array();
      }
    },
    vectors: () => vectors,
  };

  /** @param {Int32Array[]} texts @returns {Promise<Float32Array[]>} the mean of each one's tokens */
  async function embed(texts) {
    const longest = Math.max(...texts.map(({ length }) => length));
    const ids = new BigInt64Array(texts.length * longest);
    const mask = new BigInt64Array(ids.length);
    for (const [i, text] of texts.entries()) {
      for (const [j, id] of text.entries()) {
        ids[i * longest + j] = BigInt(id);
        mask[i * longest + j] = 1n;
      }
    }
    const shape = [texts.length, longest];
    const { last_hidden_state: hidden } = await session.run({
      input_ids: new Tensor('int64', ids, shape),
      attention_mask: new Tensor('int64', mask, shape),
    });
    const dimensions = hidden.dims[2];
    return texts.map(({ length }, i) => {
      const mean = new Float32Array(dimensions);
      for (let j = 0; j < length; j++) {
        const row = (i * longest + j) * dimensions;
        for (let k = 0; k < dimensions; k++) mean[k] = (mean[k] ?? 0) + hidden.data[row + k] / length;
      }
      return mean;
    });
  }
});

/** @param {Int32Array[]} sequences @param {number} i */
function lengthOf(sequences, i) {
  return sequences[i]?.length ?? 0;
}
