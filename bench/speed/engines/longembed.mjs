// longembed's side of the comparison, through its public API: longembed.mjs MODEL THREADS SPEC POOLING
import process from 'node:process';
import { EmbeddingModel } from 'longembed';
import { serve } from './protocol.mjs';

const [path = '', threads = '0', extend = 'none', pooling = 'mean'] = process.argv.slice(2);

await serve(async (sequences) => {
  const model = await EmbeddingModel.load(path, { threads: Number(threads), backend: 'cpu' });
  const { prefix, suffix } = model.info.specialTokens;
  // longembed adds the special tokens itself, around every window
  const contents = sequences.map((ids) => ids.subarray(prefix.length, ids.length - suffix.length));
  const options = {
    extend,
    pooling: /** @type {import('longembed').Pooling} */ (pooling),
    normalize: false,
  };
  /** @type {Float32Array[]} */
  let vectors = [];
  return {
    run: async () => {
      vectors = [];
      for await (const result of model.embedMany(contents, options)) {
        if ('error' in result) throw result.error;
        vectors.push(result.embedding);
      }
    },
    vectors: () => vectors,
  };
});
