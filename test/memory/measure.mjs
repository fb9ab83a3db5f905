// Embeds one document in a process of its own, while texts pass that fill the express lane: the prediction, and the process's peak
// memory.
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
const document = model.embed(content, options);
// as much as passes: beside texts within 512 tokens, a thirty-second of what is computed, less a bit
const passing = extend.startsWith('pcw') || Number(tokens) <= 512 ? Math.floor(Number(tokens) / 40) : 464;
const short = content.subarray(0, passing - prefix.length - suffix.length);
for (let i = 0; i < 2; i++) await model.embed(short, { ...options, extend: 'none', truncate: true });
await document;
const measured = 1024 * Number(/^VmHWM:\s+(\d+) kB/m.exec(readFileSync('/proc/self/status', 'utf8'))?.[1]);
const { devices } = await model.memory({ tokens: Number(tokens), ...options });
const missingNow = devices.reduce((sum, { missing }) => sum + missing, 0);
await model.dispose();
process.stdout.write(JSON.stringify({ resident, peak, measured, missingNow }));
