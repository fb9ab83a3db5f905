// Loads the files it is told about, one after the other, and says how each ended. What kills it is what the test looks for.
import { writeSync } from 'node:fs';
import process from 'node:process';
import { createInterface } from 'node:readline';
import { EmbeddingModel } from '../../dist/lib/index.js';

for await (const path of createInterface({ input: process.stdin })) writeSync(1, `${await outcome(path)}\n`);

/** @param {string} path */
async function outcome(path) {
  try {
    const model = await EmbeddingModel.load(path, { backend: 'cpu', threads: 1, pooling: 'mean' });
    try {
      await model.tokenize('The grass is green. Ünïcode, 12345 and [SEP] too!');
      const vectors = [
        await model.embed('The grass is green, and here we go.'),
        await model.embed([5, 6, 7, 8, 9], { extend: 'pcw', truncate: true }),
      ];
      return vectors.every(({ embedding }) => embedding.every(Number.isFinite)) ? 'ok' : 'NAN';
    } finally {
      await model.dispose();
    }
  } catch (error) {
    return /** @type {{ code?: string }} */ (error).code ?? `UNKNOWN ${String(error)}`;
  }
}
