/**
 * Measures `longembed serve` under load, beside llama.cpp's server on the same file if one is named:
 *
 *   npx tsx bench/speed/server.ts --model minilm.gguf [--llama-server PATH] [--clients 1 --clients 8 …] [--tokens 20 --tokens 392] [--seconds 8]
 *   npx tsx bench/speed/server.ts --model minilm.gguf --mixed 8192     short queries while long documents are embedded
 *
 * Clients are in this process and wait for each answer before they ask again. Needs dist/ (npm run build) and a model with a
 * WordPiece vocabulary of English, whose words below are a token each.
 */
import { type ChildProcess, spawn } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { Agent, request } from 'node:http';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';

const { values } = parseArgs({
  options: {
    model: { type: 'string' },
    'llama-server': { type: 'string' },
    clients: { type: 'string', multiple: true, default: ['1', '8', '64'] },
    tokens: { type: 'string', multiple: true, default: ['20', '392'] },
    seconds: { type: 'string', default: '8' },
    threads: { type: 'string', default: '2' },
    mixed: { type: 'string' },
    rounds: { type: 'string', default: '2' },
    'native-context': { type: 'string', default: '512' },
  },
});

/** [CLS] and [SEP]. */
const SPECIAL_TOKENS = 2;
const WORDS = 'the grass is green and sky was blue when they went over hill to see what there had been'.split(
  ' ',
);
const BODIES = 64;
const START_TIMEOUT_MS = 60_000;
/** Of a second in /proc's times. */
const TICKS_PER_S = 100;

interface Server {
  readonly name: string;
  readonly port: number;
  readonly child: ChildProcess;
}

interface Load {
  readonly latencies: number[];
  readonly seconds: number;
  readonly failed: number;
}

/** Requests of texts of so many tokens, each another. */
function bodies(tokens: number, fields: object = {}): Buffer[] {
  return Array.from({ length: BODIES }, (_, i) => {
    const words = Array.from(
      { length: tokens - SPECIAL_TOKENS },
      (_, j) => WORDS[(i * 7 + j * (1 + (i % 5))) % WORDS.length],
    );
    return Buffer.from(
      JSON.stringify({ model: 'm', input: words.join(' '), encoding_format: 'base64', ...fields }),
    );
  });
}

async function start(name: string, program: string, args: readonly string[], port: number): Promise<Server> {
  const child = spawn(program, args, { stdio: 'ignore' });
  const until = performance.now() + START_TIMEOUT_MS;
  while (performance.now() < until) {
    const health = await fetch(`http://127.0.0.1:${port}/health`).catch(() => null);
    if (health?.ok === true) return { name, port, child };
    await sleep(100);
  }
  throw new Error(`${name} does not answer`);
}

function servers(model: string): Promise<Server>[] {
  const main = fileURLToPath(new URL('../../dist/cli/main.js', import.meta.url));
  const { threads, 'llama-server': llama } = values;
  // as the file says, whatever the preset: a text of 392 tokens is one window for both servers
  const context = [
    '--native-context',
    values['native-context'],
    '--extend',
    values.mixed === undefined ? 'none' : 'pcw:32k',
  ];
  const ours = [
    'serve',
    '-m',
    `${model}=m`,
    '--port',
    '18601',
    '--threads',
    threads,
    '--log',
    'none',
    ...context,
  ];
  const theirs = [
    '-m',
    model,
    '--embedding',
    '--port',
    '18602',
    '--threads',
    threads,
    '--threads-batch',
    threads,
  ];
  const batch = ['-c', '32768', '-b', '8192', '-ub', '8192', '-np', '64', '--no-webui', '--log-disable'];
  return [
    start('longembed', process.execPath, [main, ...ours], 18601),
    ...(llama === undefined ? [] : [start('llama-server', llama, [...theirs, ...batch], 18602)]),
  ];
}

/** So many clients for so long, each a request after the other. */
async function load(port: number, texts: readonly Buffer[], clients: number, ms: number): Promise<Load> {
  const agent = new Agent({ keepAlive: true, maxSockets: clients });
  const latencies: number[] = [];
  let [next, failed] = [0, 0];
  const started = performance.now();
  const client = async (): Promise<void> => {
    while (performance.now() - started < ms) {
      const asked = performance.now();
      if ((await post(agent, port, texts[next++ % texts.length] as Buffer)) === 200)
        latencies.push(performance.now() - asked);
      else failed++;
    }
  };
  await Promise.all(Array.from({ length: clients }, client));
  const seconds = (performance.now() - started) / 1000;
  agent.destroy();
  return { latencies, seconds, failed };
}

function post(agent: Agent, port: number, body: Buffer): Promise<number> {
  return new Promise((resolve, reject) => {
    const headers = { 'content-type': 'application/json', 'content-length': body.length };
    const asked = request(
      { agent, port, host: '127.0.0.1', path: '/v1/embeddings', method: 'POST', headers },
      (answer) => {
        answer.resume();
        answer.on('end', () => resolve(answer.statusCode ?? 0));
      },
    );
    asked.on('error', reject);
    asked.end(body);
  });
}

function percentile(sorted: readonly number[], p: number): number {
  return sorted[Math.min(sorted.length - 1, Math.floor((p / 100) * sorted.length))] ?? Number.NaN;
}

/** Processor seconds of a server with its children so far. */
function processorTime({ child }: Server): number {
  const of = (pid: number): number => {
    const fields = readFileSync(`/proc/${pid}/stat`, 'utf8').split(') ')[1]?.split(' ') ?? [];
    const children = readFileSync(`/proc/${pid}/task/${pid}/children`, 'utf8')
      .trim()
      .split(' ')
      .filter(Boolean);
    const own = (Number(fields[11]) + Number(fields[12])) / TICKS_PER_S;
    return own + children.reduce((sum, one) => sum + of(Number(one)), 0);
  };
  return process.platform === 'linux' ? of(child.pid ?? 0) : Number.NaN;
}

function row(
  name: string,
  what: string,
  tokens: number,
  { latencies, seconds, failed }: Load,
  cpu: number,
): void {
  const sorted = latencies.toSorted((a, b) => a - b);
  const rate = sorted.length / seconds;
  const [p50, p95, p99] = [50, 95, 99].map((p) => percentile(sorted, p).toFixed(1));
  console.log(
    [
      name.padEnd(12),
      what.padEnd(26),
      `${rate.toFixed(1)} requests/s`.padStart(18),
      `${(rate * tokens).toFixed(0)} tokens/s`.padStart(16),
      `p50 ${p50}  p95 ${p95}  p99 ${p99} ms`,
      `${((1000 * cpu) / Math.max(sorted.length, 1)).toFixed(1)} ms of processor/request`,
      failed === 0 ? '' : `${failed} failed`,
    ].join('  '),
  );
}

async function measured(
  server: Server,
  what: string,
  tokens: number,
  work: () => Promise<Load>,
): Promise<Load> {
  const before = processorTime(server);
  const result = await work();
  row(server.name, what, tokens, result, processorTime(server) - before);
  return result;
}

async function throughput(all: readonly Server[]): Promise<void> {
  const ms = Number(values.seconds) * 1000;
  for (const tokens of values.tokens.map(Number)) {
    const texts = bodies(tokens);
    for (const clients of values.clients.map(Number)) {
      for (let round = 0; round < Number(values.rounds); round++) {
        for (const server of all) {
          await load(server.port, texts, clients, 500);
          await measured(server, `${tokens} tokens, ${clients} clients`, tokens, () =>
            load(server.port, texts, clients, ms),
          );
        }
      }
    }
  }
}

/** Queries of 20 tokens, alone and while a client embeds long documents without pause. */
async function mixed(server: Server, tokens: number): Promise<void> {
  const ms = Number(values.seconds) * 1000;
  const [queries, documents] = [bodies(20), bodies(tokens)];
  const alone = await measured(server, '20 tokens, 1 client, alone', 20, () =>
    load(server.port, queries, 1, ms),
  );
  const long = load(server.port, documents, 1, 3 * ms);
  await sleep(ms / 2);
  const beside = await measured(server, `beside ${tokens} tokens`, 20, () =>
    load(server.port, queries, 1, ms),
  );
  row(server.name, `the documents themselves`, tokens, await long, Number.NaN);
  const p95 = (one: Load): number =>
    percentile(
      one.latencies.toSorted((a, b) => a - b),
      95,
    );
  console.log(`p95 beside long documents / alone: ${(p95(beside) / p95(alone)).toFixed(1)}`);
}

const { model } = values;
if (model === undefined) throw new Error('--model names a GGUF file');
const all = await Promise.all(servers(model));
try {
  if (values.mixed === undefined) await throughput(all);
  else for (const server of all) await mixed(server, Number(values.mixed));
} finally {
  for (const { child } of all) child.kill('SIGKILL');
}
