/**
 * Measures the cost of the strategies on a model, each in its own process, and prints the table of docs/strategies.md:
 *
 *     npx tsx models/random/main.ts --named start --output start.gguf
 *     npx tsx bench/speed/strategies.ts --model start.gguf --tokens 4096
 *
 * The time is CPU time on one thread, so that other programs have little effect.
 */
import { execFileSync } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { EmbeddingModel } from '../../lib/index.js';

interface Cost {
  windows: number;
  /** CPU time in seconds, the minimum of the rounds. */
  seconds: number;
  /** Memory in MB that the text took on top of the loaded model. */
  memory: number;
}

const { values } = parseArgs({
  options: {
    model: { type: 'string' },
    tokens: { type: 'string', default: '4096' },
    rounds: { type: 'string', default: '3' },
    /** Set by the script for its child processes: the strategy to measure. */
    one: { type: 'string' },
  },
});
const { model: path = '', one } = values;
const [tokens, rounds] = [Number(values.tokens), Number(values.rounds)];
if (path === '' || !(tokens > 0) || !(rounds > 0)) {
  throw new Error('usage: measure-strategies --model FILE [--tokens 4096] [--rounds 3]');
}

if (one === undefined) await measureAll();
else console.log(JSON.stringify(await measure(one)));

async function measureAll(): Promise<void> {
  await using model = await EmbeddingModel.load(path);
  const methods = model.info.strategies.flatMap(({ method, supported }) => (supported ? [method] : []));
  const costs = methods.map((method) => ({ method, ...measureApart(method) }));
  const plain = costs[0]?.seconds ?? NaN;
  console.log('| strategy | forward passes | time | time of none × | memory |');
  console.log('| --- | --- | --- | --- | --- |');
  for (const { method, windows, seconds, memory } of costs) {
    const columns = [
      `\`${method}\``,
      windows,
      `${seconds.toFixed(2)} s`,
      (seconds / plain).toFixed(2),
      `${memory} MB`,
    ];
    console.log(`| ${columns.join(' | ')} |`);
  }
}

function measureApart(method: string): Cost {
  const options = ['--model', path, '--tokens', String(tokens), '--rounds', String(rounds), '--one', method];
  const args = ['--import', 'tsx', fileURLToPath(import.meta.url), ...options];
  return JSON.parse(execFileSync(process.execPath, args, { encoding: 'utf8' })) as Cost;
}

async function measure(method: string): Promise<Cost> {
  await using model = await EmbeddingModel.load(path, { threads: 1, backend: 'cpu' });
  const { prefix, suffix } = model.info.specialTokens;
  const content = Int32Array.from(
    { length: tokens - prefix.length - suffix.length },
    (_, i) => 5 + ((7919 * i) % (model.info.vocabularySize - 5)),
  );
  await model.embed(content.subarray(0, 8));
  const before = process.resourceUsage().maxRSS;
  let [seconds, windows] = [Infinity, 0];
  for (let round = 0; round < rounds; round++) {
    const start = process.cpuUsage();
    ({ windows } = await model.embed(content, { extend: `${method}:${tokens}` }));
    const { user, system } = process.cpuUsage(start);
    seconds = Math.min(seconds, (user + system) / 1e6);
  }
  return { windows, seconds, memory: Math.round((process.resourceUsage().maxRSS - before) / 1024) };
}
