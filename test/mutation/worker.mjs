// Loads the files it is told about, one after the other, and says how each ended. What kills it is what the test looks for.
import { writeSync } from 'node:fs';
import process from 'node:process';
import { createInterface } from 'node:readline';
import { EmbeddingModel } from '../../dist/lib/index.js';

let files = 0;
for await (const path of createInterface({ input: process.stdin })) {
  const before = process.cpuUsage();
  const { outcome, message } = await tryFile(path, 1 + (files++ % 2));
  const { user, system } = process.cpuUsage(before);
  writeSync(1, `${JSON.stringify({ outcome, message, milliseconds: (user + system) / 1000 })}\n`);
}

/**
 * @param {string} path
 * @param {number} threads with several, ggml computes on threads of its own
 */
async function tryFile(path, threads) {
  try {
    const model = await EmbeddingModel.load(path, { backend: 'cpu', threads, pooling: 'mean' });
    try {
      await model.tokenize('The grass is green. Ünïcode, 12345 and [SEP] too!');
      const vectors = [
        await model.embed('The grass is green, and here we go.'),
        await model.embed([5, 6, 7, 8, 9], { extend: 'pcw', truncate: true }),
      ];
      const finite = vectors.every(({ embedding }) => embedding.every(Number.isFinite));
      return { outcome: finite ? 'ok' : 'NAN', message: '' };
    } finally {
      await model.dispose();
    }
  } catch (error) {
    const { code, message } = /** @type {Error & { code?: string }} */ (error);
    return { outcome: code ?? `UNKNOWN ${String(error)}`, message };
  }
}
