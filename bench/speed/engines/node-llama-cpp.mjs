// node-llama-cpp's side of the comparison: node-llama-cpp.mjs MODEL THREADS FOLDER, where it is installed in FOLDER. It embeds
// one text at a time, with the pooling of the model's file. Its context is as long as the longest text needs.
import { createRequire } from 'node:module';
import { join } from 'node:path';
import process from 'node:process';
import { pathToFileURL } from 'node:url';
import { serve } from './protocol.mjs';

const [path = '', threads = '0', folder = ''] = process.argv.slice(2);
const entry = createRequire(join(folder, 'package.json')).resolve('node-llama-cpp');
const { getLlama } = await import(pathToFileURL(entry).href);

await serve(async (sequences) => {
  const llama = await getLlama({
    gpu: false,
    build: 'never',
    logLevel: 'error',
    maxThreads: Number(threads),
  });
  const model = await llama.loadModel({ modelPath: path });
  const room = Math.max(...sequences.map(({ length }) => length)) + 1; // it refuses a text that fills its context
  const context = await model.createEmbeddingContext({
    contextSize: room,
    batchSize: room,
    threads: Number(threads),
  });
  /** @type {number[][]} */
  let vectors = [];
  return {
    run: async () => {
      vectors = [];
      for (const ids of sequences) vectors.push((await context.getEmbeddingFor(Array.from(ids))).vector);
    },
    vectors: () => vectors,
  };
});
