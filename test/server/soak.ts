/**
 * Many clients at a running server, some of whom hang up, while its engine is killed now and then: every answer must be right, or
 * an error with a name.
 *
 *   npx tsx test/server/soak.ts --requests 10000 --clients 64 --hang-up 10 --kill-every 2000     needs dist/ (npm run build)
 */
import { readFileSync } from 'node:fs';
import { execFileSync } from 'node:child_process';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { EmbeddingModel } from '../../lib/index.js';
import { serve, type Serving } from '../clients/folder.js';
import { Random } from '../mutation/random.js';
import { decode } from './helpers.js';

export interface SoakOptions {
  requests: number;
  clients: number;
  /** Percent of requests whose client hangs up. */
  hangUp: number;
  /** Requests between two kills of the engine's process; 0: none. */
  killEvery: number;
  /** Tokens of the server's queue. */
  queueTokens: number;
  /** Called after each tenth of the requests. */
  onTenth?: (outcome: SoakOutcome) => void;
}

export interface SoakOutcome {
  /** Answers by what they were: "right", "hung up", or the code of an error. */
  answers: Record<string, number>;
  /** What should not have been: wrong vectors, errors without a name. */
  wrong: string[];
  kills: number;
  /** Megabytes of the server's process, after each tenth of the requests. */
  memoryMb: number[];
}

interface Task {
  input: string;
  extend: 'none' | 'pcw:2k';
  expected: Float32Array;
}

const WORDS = 'the grass is green and sky was blue when they went over hill to see what there had been'.split(
  ' ',
);

async function makeTasks(count: number, random: Random): Promise<Task[]> {
  const model = await EmbeddingModel.load('mini-rope', { threads: 1 });
  const tasks: Task[] = [];
  for (let i = 0; i < count; i++) {
    // mostly queries, some paragraphs, a few documents beyond the native context
    const words = 1 + random.below(i % 20 === 0 ? 400 : random.pick([8, 16, 16, 40]));
    const input = Array.from({ length: words }, () => random.pick(WORDS)).join(' ');
    const extend = words > 100 ? 'pcw:2k' : 'none';
    tasks.push({ input, extend, expected: (await model.embed(input, { extend })).embedding });
  }
  await model.dispose();
  return tasks;
}

export async function soak(options: SoakOptions): Promise<SoakOutcome> {
  const random = new Random(7);
  const tasks = await makeTasks(60, random);
  const queue = ['--max-queue-tokens', String(options.queueTokens)];
  const server = await serve(['--model', 'mini-rope', '--threads', '1', '--log', 'none', ...queue]);
  const outcome: SoakOutcome = { answers: {}, wrong: [], kills: 0, memoryMb: [] };
  let sent = 0;
  const client = async (): Promise<void> => {
    while (sent < options.requests) {
      const number = ++sent;
      if (options.killEvery > 0 && number % options.killEvery === 0) outcome.kills += killEngine(server);
      if (number % Math.ceil(options.requests / 10) === 0) {
        outcome.memoryMb.push(memoryOf(server.pid));
        options.onTenth?.(outcome);
      }
      const what = await ask(server.url, random.pick(tasks), random, options.hangUp);
      if (what.startsWith('!')) outcome.wrong.push(what.slice(1));
      else outcome.answers[what] = (outcome.answers[what] ?? 0) + 1;
      if (what === 'queue_full') await sleep(20 + random.below(50));
    }
  };
  await Promise.all(Array.from({ length: options.clients }, client));
  const code = await server.end();
  if (code !== 0) outcome.wrong.push(`the server ended with ${code}: ${server.log()}`);
  return outcome;
}

/** One request. @returns what came of it; with an exclamation mark: what should not */
async function ask(url: string, task: Task, random: Random, hangUp: number): Promise<string> {
  const controller = new AbortController();
  const goes = random.below(100) < hangUp;
  if (goes) setTimeout(() => controller.abort(), random.below(60));
  try {
    const response = await fetch(`${url}/v1/embeddings`, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify({ input: task.input, extend: task.extend, encoding_format: 'base64' }),
      signal: controller.signal,
    });
    const answer = (await response.json()) as {
      data?: [{ embedding: string }];
      error?: { code: string; message: string };
    };
    if (response.status !== 200) {
      const { code = '', message = '' } = answer.error ?? {};
      const isNamed =
        (code === 'queue_full' && response.status === 429) ||
        (code === 'ERR_BACKEND' && response.status === 500);
      return isNamed ? code : `!${response.status} ${code} ${message}`;
    }
    const vector = decode(answer.data?.[0].embedding ?? '');
    const isRight = vector.length === task.expected.length && vector.every((x, i) => x === task.expected[i]);
    return isRight ? 'right' : '!a wrong vector';
  } catch (error) {
    return goes && controller.signal.aborted
      ? 'hung up'
      : `!${String(error)} ${String((error as Error).cause)}`;
  }
}

/** Kills the process that computes for a server. @returns how many there were */
function killEngine({ pid }: Serving): number {
  let children: string;
  try {
    children = execFileSync('pgrep', ['-P', String(pid)], { encoding: 'utf8' });
  } catch {
    return 0; // it is being started
  }
  const pids = children.trim().split('\n').map(Number);
  for (const child of pids) process.kill(child, 'SIGKILL');
  return pids.length;
}

function memoryOf(pid: number): number {
  const [, kilobytes] = /VmRSS:\s+(\d+) kB/.exec(readFileSync(`/proc/${pid}/status`, 'utf8')) ?? [];
  return Math.round(Number(kilobytes) / 1000);
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  const { values } = parseArgs({
    options: {
      requests: { type: 'string', default: '10000' },
      clients: { type: 'string', default: '64' },
      'hang-up': { type: 'string', default: '10' },
      'kill-every': { type: 'string', default: '2000' },
      'queue-tokens': { type: 'string', default: '20000' },
    },
  });
  const started = performance.now();
  const outcome = await soak({
    requests: Number(values.requests),
    clients: Number(values.clients),
    hangUp: Number(values['hang-up']),
    killEvery: Number(values['kill-every']),
    queueTokens: Number(values['queue-tokens']),
    onTenth: (outcome) => console.error(JSON.stringify(outcome)),
  });
  console.log(JSON.stringify({ ...outcome, seconds: (performance.now() - started) / 1000 }, null, 2));
  process.exitCode = outcome.wrong.length === 0 ? 0 : 1;
}
