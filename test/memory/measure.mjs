// Embeds one document in a process of its own: the prediction, and the process's peak memory.
//   measure.mjs MODEL TOKENS SPEC THREADS POOLING
import { readFileSync } from 'node:fs';
import process from 'node:process';
import { EmbeddingModel } from 'longembed';

const [path, tokens, extend = 'none', threads, pooling] = process.argv.slice(2);
const model = await EmbeddingModel.load(path, { threads: Number(threads), backend: 'cpu' });
const options = { extend, pooling: /** @type {import('longembed').Pooling} */ (pooling) };
const { prefix, suffix } = model.info.specialTokens;
const content = new Int32Array(Number(tokens) - prefix.length - suffix.length).fill(7);

const { resident, peak } = await model.memory({ tokens: Number(tokens), ...options });
await model.embed(content, options);
const measured = 1024 * Number(/^VmHWM:\s+(\d+) kB/m.exec(readFileSync('/proc/self/status', 'utf8'))?.[1]);
const { devices } = await model.memory({ tokens: Number(tokens), ...options });
const missingNow = devices.reduce((sum, { missing }) => sum + missing, 0);
await model.dispose();
process.stdout.write(JSON.stringify({ resident, peak, measured, missingNow }));
