// Embeds a document that memory cannot hold, then one that it can, in a process whose memory is limited: refuse.mjs MODEL TOKENS
import process from 'node:process';
import { EmbeddingModel } from 'longembed';

const [path, tokens] = process.argv.slice(2);
const model = await EmbeddingModel.load(path, { threads: 2, backend: 'cpu' });
const long = new Int32Array(Number(tokens) - 2).fill(7);
const short = long.subarray(0, 100);
const extend = 'ntk:16384k';

const { fits } = await model.memory({ tokens: Number(tokens), extend });
const outcomes = [];
for await (const result of model.embedMany([short, long, short], { extend })) {
  outcomes.push('error' in result ? [result.error.code, result.error.message] : result.tokens);
}
await model.dispose();
process.stdout.write(JSON.stringify({ fits, outcomes }));
