/**
 * Embeds documents for long and watches memory: `npx tsx test/load/soak.ts [--documents N] [--isolate] [--callers N]`.
 * With --callers N, N callers embed at once instead, over two models, a tenth of the calls aborted: the load test at full size.
 * Prints resident memory on the way, and fails where it grows after the first hundred documents, or a vector is wrong.
 */
import { execFileSync } from 'node:child_process';
import { parseArgs } from 'node:util';
import { EmbeddingModel } from '../../lib/index.js';
import { callAll, makeTasks } from './callers.js';
import { engineProcesses } from '../isolate/processes.js';
import { modelPath } from '../../models/random/cached.js';
import { Random } from '../mutation/random.js';

/** Allowed growth of resident memory; Node's own heap varies by a few megabytes. */
const MAX_GROWTH_MB = 16;

const { values } = parseArgs({
  options: {
    documents: { type: 'string', default: '10000' },
    callers: { type: 'string', default: '0' },
    isolate: { type: 'boolean', default: false },
  },
});
const documents = Number(values.documents);
const random = new Random(7);
const options = { backend: 'cpu', threads: 1, isolate: values.isolate } as const;
const models = [
  await EmbeddingModel.load(modelPath('bert'), options),
  await EmbeddingModel.load(modelPath('llama'), options),
];
const tasks = await makeTasks(models, 24, random);

await (values.callers === '0' ? soak() : load(Number(values.callers)));
for (const model of models) await model.dispose();

async function soak(): Promise<void> {
  const sizes: number[] = [];
  let wrong = 0;
  for (let done = 0; done < documents;) {
    // A hundred documents, some of them together.
    for (const [index, model] of models.entries()) {
      const mine = tasks.filter((task) => task.model === index);
      const picked = Array.from({ length: 50 }, () => random.pick(mine));
      const inputs = picked.map(({ text }) => text);
      for await (const result of model.embedMany(inputs, { extend: 'pcw:4k', truncate: true })) {
        if ('error' in result) throw result.error;
        const alone = picked[result.index]?.alone ?? [];
        if (cosine(result.embedding, alone) < 1 - 1e-6) wrong += 1;
      }
    }
    done += 100;
    sizes.push(residentMegabytes());
    if (done === 100 || done % (documents / 10) === 0)
      console.log(`${done} documents: ${residentMegabytes().toFixed(1)} MB`);
  }
  const growth = mean(sizes.slice(-10)) - mean(sizes.slice(0, 10));
  console.log(
    `from documents 100 to 1,000 to the last 1,000: ${growth.toFixed(1)} MB more; ${wrong} vectors wrong`,
  );
  if (growth > MAX_GROWTH_MB || wrong > 0) process.exitCode = 1;
}

async function load(callers: number): Promise<void> {
  const started = performance.now();
  const calls = Math.ceil(documents / callers);
  const { right, wrong, failed } = await callAll(models, tasks, { callers, calls, abort: 10 }, random);
  const seconds = (performance.now() - started) / 1000;
  console.log(
    `${callers} callers, ${callers * calls} calls in ${seconds.toFixed(1)} s: ${right} right, ${wrong} wrong`,
    failed,
  );
  if (wrong > 0 || [...failed.keys()].some((code) => code !== 'ERR_ABORTED')) process.exitCode = 1;
}

/** Of this process and those that compute for it. */
function residentMegabytes(): number {
  globalThis.gc?.();
  const others = values.isolate ? engineProcesses() : [];
  const kilobytes = others.map((pid) => Number(execFileSync('ps', ['-o', 'rss=', '-p', String(pid)])));
  return process.memoryUsage.rss() / 2 ** 20 + kilobytes.reduce((sum, size) => sum + size, 0) / 1024;
}

function mean(numbers: readonly number[]): number {
  return numbers.reduce((sum, number) => sum + number, 0) / numbers.length;
}

function cosine(a: Float32Array, b: ArrayLike<number>): number {
  return a.reduce((sum, number, i) => sum + number * (b[i] ?? 0), 0);
}
