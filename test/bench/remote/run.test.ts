/** The benchmark with a model on a server, through the command line. */
import { spawn } from 'node:child_process';
import { mkdtempSync, readdirSync, readFileSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';
import type { Results } from '../../../bench/results/results.js';
import { modelPath } from '../../../models/random/cached.js';
import type { Ended } from '../../cli/program.js';
import { numbersTask } from '../runner/world.js';
import { FakeServer, json } from './server.js';

const KEY = 'sk-very-secret-0123456789';
const MAIN = fileURLToPath(new URL('../../../cli/main.ts', import.meta.url));
const DOCUMENTS = Array.from({ length: 30 }, (_, i) => `${i}${' word'.repeat(i)}`);
const QUERIES = Array.from({ length: 10 }, (_, i) => `${i}`);
const DATA = numbersTask(DOCUMENTS, QUERIES);

/** A run of the program. Folders are kept from call to call of one test. */
class Bench {
  readonly folder = mkdtempSync(join(tmpdir(), 'longembed-remote-'));
  readonly #url: string;

  constructor(url: string) {
    this.#url = url;
  }

  start(...more: string[]) {
    const given = more.includes('--model') ? [] : ['--model', 'openai:fake'];
    const child = spawn(
      process.execPath,
      [
        ...['--import', 'tsx', MAIN, 'bench', ...given, '--native-context', '64', '--tasks', 'qmsum'],
        ...[
          '--data',
          DATA,
          '--cache',
          join(this.folder, 'cache'),
          '--output',
          join(this.folder, 'out'),
          ...more,
        ],
      ],
      {
        cwd: fileURLToPath(new URL('../../../', import.meta.url)),
        env: { ...process.env, OPENAI_API_KEY: KEY, OPENAI_BASE_URL: this.#url, LONGEMBED_DEBUG: '1' },
      },
    );
    let [stdout, stderr] = ['', ''];
    child.stdout.on('data', (piece: Buffer) => void (stdout += piece.toString()));
    child.stderr.on('data', (piece: Buffer) => void (stderr += piece.toString()));
    const ended = new Promise<{ code: number | null; stdout: string; stderr: string }>((resolve) =>
      child.on('close', (code) => resolve({ code, stdout, stderr })),
    );
    return { child, ended };
  }

  run(...more: string[]): Promise<Omit<Ended, 'stdout'> & { stdout: string }> {
    return this.start(...more).ended;
  }

  get results(): Results {
    return JSON.parse(readFileSync(join(this.folder, 'out', 'results.json'), 'utf8')) as Results;
  }

  /** The contents of all files that runs wrote. */
  get files(): string {
    return readdirSync(this.folder, { recursive: true, encoding: 'utf8' })
      .map((name) => join(this.folder, name))
      .filter((path) => statSync(path).isFile())
      .map((path) => readFileSync(path, 'latin1'))
      .join('\n');
  }
}

/** Texts that were paid for more than once, the probe aside. */
function paidTwice({ paid }: FakeServer): string[] {
  const texts = paid.filter((text) => text !== 'a');
  return texts.filter((text, i) => texts.indexOf(text) !== i);
}

describe('longembed bench --model openai:…', { timeout: 120_000 }, () => {
  it('scores a model on a server, pays for each text once, and shows no key', async () => {
    await using server = await FakeServer.start();
    const bench = new Bench(server.url);
    const first = await bench.run('--price-per-million', '2');
    expect(first.stderr).toContain('fake, none, qmsum: nDCG@10');
    expect(first.stderr).toMatch(/paid for \d+ tokens in \d+ requests, at a price of 0\.00/);
    expect(first.code).toBe(0);
    expect(bench.results.models[0]).toMatchObject({
      id: 'fake',
      file: 'openai:fake',
      engine: `the server ${server.url}`,
      dimensions: 4,
      nativeContext: 64,
    });
    expect(bench.results.runs[0]?.tasks[0]?.main).toBe(1);
    const meta = readdirSync(join(bench.folder, 'out', 'mteb'), { recursive: true, encoding: 'utf8' });
    expect(meta.filter((name) => name.endsWith('model_meta.json'))).toHaveLength(1);
    expect(bench.files).toContain('"API"');
    expect(paidTwice(server)).toEqual([]);
    expect(server.asked[0]?.authorization).toBe(`Bearer ${KEY}`);

    const before = server.paid.length;
    const json = readFileSync(join(bench.folder, 'out', 'results.json'), 'utf8');
    expect((await bench.run()).code).toBe(0);
    expect(server.paid.slice(before)).toEqual(['a']);
    expect(readFileSync(join(bench.folder, 'out', 'results.json'), 'utf8')).toBe(json);
    expect(`${first.stdout}${first.stderr}${bench.files}`).not.toContain(KEY);
  });

  it('pays for no text twice after it was killed between and within requests', async () => {
    await using server = await FakeServer.start();
    const bench = new Bench(server.url);
    for (const kill of [3, 5, 9]) {
      server.asked.length = 0;
      const { child, ended } = bench.start('--force');
      // The request is never answered.
      server.instead = (_asked, _response, count) => count >= kill && child.kill('SIGKILL');
      expect((await ended).code).toBeNull();
    }
    server.instead = () => false;
    const paid = server.paid.filter((text) => text !== 'a').length;
    expect(paid).toBeGreaterThan(0);
    expect((await bench.run()).code).toBe(0);
    expect(paidTwice(server)).toEqual([]);
    const texts = new Set(server.paid.filter((text) => text !== 'a'));
    expect([...DOCUMENTS, ...QUERIES].filter((text) => !texts.has(text))).toEqual([]);
  });

  it('keeps what is being paid for when it is interrupted', async () => {
    await using server = await FakeServer.start();
    const bench = new Bench(server.url);
    const { child, ended } = bench.start();
    server.instead = async (_asked, _response, count) => {
      if (count < 3) return false;
      child.kill('SIGINT');
      await new Promise((resolve) => setTimeout(resolve, 300));
      return false;
    };
    const stopped = await ended;
    expect(stopped.code).toBe(130);
    expect(stopped.stderr).toMatch(/interrupted \(SIGINT\).*continues from there/);
    server.instead = () => false;
    expect((await bench.run()).code).toBe(0);
    expect(paidTwice(server)).toEqual([]);
  });

  it('stops at the limit on the cost and continues from there', async () => {
    await using server = await FakeServer.start();
    const bench = new Bench(server.url);
    const limited = ['--price-per-million', '1000', '--max-cost', '0.2'];
    let runs = 1;
    for (let before = 0; ; runs++) {
      const { code, stderr } = await bench.run(...limited);
      const tokens = server.paid
        .slice(before)
        .reduce((sum, text) => sum + text.trim().split(/\s+/).length, 0);
      expect(tokens).toBeLessThanOrEqual(200);
      before = server.paid.length;
      if (code === 0) break;
      expect(stderr).toMatch(/limit on the cost, 0\.2, is reached/);
      expect(code).toBe(2);
      expect(runs).toBeLessThan(10);
    }
    expect(runs).toBeGreaterThan(1);
    expect(paidTwice(server)).toEqual([]);
  });

  it('tells texts, tokens and price in a dry run, and pays only for the probe', async () => {
    await using server = await FakeServer.start();
    const bench = new Bench(server.url);
    const { code, stdout } = await bench.run('--dry-run', '--price-per-million', '10');
    expect(code).toBe(0);
    expect(stdout).toMatch(
      /to send: 40 texts, \d+ tokens, estimated \(exact with --tokenizer\); price 0\.0\d+/,
    );
    expect(server.paid).toEqual(['a']);
    const known = await bench.run('--dry-run', '--model', 'openai:text-embedding-ada-002');
    expect(known.stdout).toContain('give --price-per-million');
    expect(server.paid).toEqual(['a']);
  });

  it('runs beside a file, which it does not mix up with the server', async () => {
    await using server = await FakeServer.start();
    const bench = new Bench(server.url);
    const models = ['--model', 'openai:fake', modelPath('bert')];
    const { code, stderr } = await bench.run(...models, '--extend', 'none', 'pcw');
    expect(stderr).toMatch(/fake: skipping pcw: pcw averages/);
    expect(code).toBe(0);
    expect(bench.results.runs.map(({ model, method }) => `${model} ${method}`)).toEqual([
      'fake none',
      expect.stringContaining(' none'),
      expect.stringContaining(' pcw'),
    ]);
  });

  it('refuses what a server cannot do, and options without a server', async () => {
    await using server = await FakeServer.start((_asked, response) => json(response, 401, { error: KEY }));
    const bench = new Bench(server.url);
    const failed = async (...args: string[]) => {
      const { code, stderr } = await bench.run(...args);
      expect(code).toBe(2);
      expect(stderr).not.toContain(KEY);
      return stderr;
    };
    expect(await failed()).toMatch(/refuses the key \(401\)/);
    const known = ['--model', 'openai:text-embedding-ada-002'];
    expect(await failed(...known, '--extend', 'ntk')).toMatch(/without context extension/);
    expect(await failed(...known, '--extend', 'none:16k')).toMatch(/takes at most 64 tokens/);
    expect(await failed(...known, '--max-tokens', '32')).toMatch(/--tokenizer/);
    expect(await failed(...known, '--max-cost', '1')).toMatch(/--price-per-million/);
    expect(await failed('--model', modelPath('bert'), '--max-cost', '1')).toMatch(/no model is on a server/);
  });
});
