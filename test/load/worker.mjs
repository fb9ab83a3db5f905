// A worker thread with a model of its own, which embeds what it is sent: `{ path }` is its data, a list of texts a message.
import { parentPort, workerData } from 'node:worker_threads';
import { EmbeddingModel } from '../../dist/lib/index.js';

const model = await EmbeddingModel.load(workerData.path, { backend: 'cpu', threads: 1 });
parentPort?.on('message', (/** @type {string[] | null} */ texts) => {
  void (texts === null ? end() : embed(texts));
});

/** @param {string[]} texts */
async function embed(texts) {
  const results = await Promise.all(texts.map((text) => model.embed(text, { extend: 'pcw:4k' })));
  parentPort?.postMessage(results.map(({ embedding }) => embedding));
}

async function end() {
  await model.dispose();
  parentPort?.close();
}
