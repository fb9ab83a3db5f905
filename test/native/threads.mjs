// Prints how many threads a model gets by default: threads.mjs
import process from 'node:process';
import { EmbeddingModel } from 'longembed';

const model = await EmbeddingModel.load('mini-rope', { backend: 'cpu' });
process.stdout.write(String(model.info.threads));
await model.dispose();
