import { existsSync, mkdtempSync, readFileSync, readdirSync, renameSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout } from 'node:timers/promises';
import { Redis } from 'ioredis';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { Interrupted } from '../../cli/exit.js';
import { Broker, type ShardQueue } from '../../queue/broker.js';
import { modelPath } from '../../models/random/cached.js';
import { longembed as program, start } from '../cli/program.js';
import { longembed as fake, type Outcome, type World } from '../cli/world.js';
import { type Engine, missing, startEngine } from './engines.js';

const folder = mkdtempSync(join(tmpdir(), 'longembed-queue-'));
const at = (name: string): string => join(folder, name);

/** Runs the command line with a fake model; @/ stands for the test's folder. */
function run(args: string, world: World = {}): Promise<Outcome> {
  const infoOf = (path: string) => ({ path });
  return fake(args.replaceAll('@/', `${folder}/`).split(' '), { infoOf, ...world });
}

beforeAll(() => {
  writeFileSync(at('model.gguf'), 'a model');
  writeFileSync(at('other.gguf'), 'another model');
  const lines = Array.from(
    { length: 60 },
    (_, i) => `{"id":"d${i}","text":"${i % 20 === 5 ? '' : 'x'.repeat(1 + (i % 13))}"}`,
  );
  writeFileSync(at('corpus.jsonl'), lines.join('\n'));
});

interface PostgresClient {
  connect(): Promise<void>;
  query(text: string): Promise<unknown>;
  end(): Promise<void>;
}

describe.each(['redis', 'postgres'] as const)('a queue on %s', (name) => {
  const reason = missing(name);
  const test = (title: string, body: () => Promise<void>, timeout?: number): void =>
    it.skipIf(reason !== null)(`${title}${reason === null ? '' : ` (skipped: ${reason})`}`, body, timeout);
  let engine: Engine;
  beforeAll(async () => {
    if (reason === null) engine = await startEngine(name);
  });
  afterAll(async () => {
    if (reason === null) await engine.stop();
  });

  const queue = (own: string): string => `--queue ${engine.url} --name ${own}`;
  async function withQueue<T>(own: string, use: (queue: ShardQueue) => Promise<T>): Promise<T> {
    const opened = await (await Broker.open(engine.url, own)).queue();
    try {
      return await use(opened);
    } finally {
      await opened.close();
    }
  }
  const add = (own: string): string =>
    `queue add @/corpus.jsonl ${queue(own)} -m @/model.gguf -o @/${name}-${own} --output-format jsonl --shard-tokens 100`;

  /** Adds a run whose shards fail, since its input is another when the worker comes. */
  async function addFailing(own: string): Promise<void> {
    await run(add(own));
    const kept = readFileSync(at('corpus.jsonl'));
    writeFileSync(at('corpus.jsonl'), '{"id":"other","text":"x"}\n');
    try {
      expect((await run(`worker ${queue(own)} -m @/model.gguf --until-done -q`)).code).toBe(1);
    } finally {
      writeFileSync(at('corpus.jsonl'), kept);
    }
  }

  test('has its shards done once, whoever adds them and however often', async () => {
    expect((await run(add('once'))).stderr).toMatch(
      /^longembed: (\d+) shards of about \d+ tokens: \1 added\n$/,
    );
    const again = await run(add('once'));
    expect(again.stderr).toMatch(/(\d+) shards .*: 0 added, \1 were there already/);
    const worker = `worker ${queue('once')} -m @/model.gguf --until-done -q`;
    expect((await Promise.all([run(worker), run(worker)])).map(({ code }) => code).sort()).toContain(1);
    expect(await run(worker)).toMatchObject({ code: 0, embedded: [] });
    await run('embed @/corpus.jsonl -m @/model.gguf -q -o @/one.jsonl --force');
    expect((await run(`merge @/${name}-once -o @/${name}.jsonl`)).code).toBe(0);
    expect(readFileSync(at(`${name}.jsonl`))).toEqual(readFileSync(at('one.jsonl')));
    const status = await run(`queue status ${queue('once')} --json`);
    expect(status.code).toBe(0);
    expect(JSON.parse(status.stdout)).toMatchObject({
      jobs: { waiting: 0, active: 0, failed: 0 },
      counts: { documents: 60, failed: 3 },
      secondsLeft: 0,
    });
  });

  test('keeps a shard that cannot be done in the failed set, until it is retried', async () => {
    await addFailing('failing');
    const failed = await run(`queue status ${queue('failing')}`);
    expect(failed.code).toBe(1);
    expect(failed.stdout).toMatch(/0 done, 0 active, 0 waiting, (\d+) failed\n/);
    expect(failed.stdout).toMatch(
      /failed: shard 0\/\d+ of .*: ERR_INVALID_OPTION: The input of .* is not what it was/,
    );
    expect((await run(`queue retry ${queue('failing')}`)).stderr).toMatch(
      /[1-9]\d* shards given to the workers again/,
    );
    const attempts = await withQueue('failing', (opened) => opened.getJobs());
    expect(new Set(attempts.map(({ attemptsMade }) => attemptsMade))).toEqual(new Set([0]));
    expect((await run(`worker ${queue('failing')} -m @/model.gguf --until-done -q`)).code).toBe(1);
    expect((await run(`merge @/${name}-failing`)).code).toBe(0);
  });

  test('forgets the deaths of workers when a shard is retried', async () => {
    await addFailing('deaths');
    const jobs = () => withQueue('deaths', (opened) => opened.getJobs());
    const before = await jobs();
    // as after so many deaths
    if (name === 'redis') {
      const redis = new Redis(engine.url);
      for (const { id } of before) await redis.hset(`bull:deaths:${id}`, 'stc', 5);
      await redis.quit();
    } else {
      const driver: string = 'pg'; // it comes without types
      const { Client } = (await import(driver)) as { Client: new (url: string) => PostgresClient };
      const client = new Client(engine.url);
      await client.connect();
      await client.query("UPDATE bullmq.job SET stalled_count = 5 WHERE queue = 'deaths'");
      await client.end();
    }
    expect((await jobs()).map(({ stalledCounter }) => stalledCounter)).toEqual(before.map(() => 5));
    expect((await run(`queue retry ${queue('deaths')}`)).stderr).toMatch(
      new RegExp(`^longembed: ${before.length} shards given`),
    );
    const after = await jobs();
    const facts = ({ id, data }: (typeof after)[number]) => JSON.stringify([id, data.shard.index]);
    expect(after.map(facts).sort()).toEqual(before.map(facts).sort());
    for (const { stalledCounter, attemptsMade, failedReason } of after)
      expect([stalledCounter, attemptsMade, failedReason]).toEqual([0, 0, undefined]);
    expect((await run(`worker ${queue('deaths')} -m @/model.gguf --until-done -q`)).code).toBe(1);
    expect((await run(`merge @/${name}-deaths`)).code).toBe(0);
  });

  test('ends a worker that has another model, and leaves the shards to others', async () => {
    await run(add('model'));
    const wrong = await run(`worker ${queue('model')} -m @/other.gguf --until-done -q`);
    expect(wrong).toMatchObject({ code: 2, embedded: [] });
    expect(wrong.stderr).toMatch(
      /is for the model model\.gguf .* this worker has other\.gguf .*: start it with that model/,
    );
    const status = await run(`queue status ${queue('model')} --json`);
    expect(JSON.parse(status.stdout)).toMatchObject({ jobs: { failed: 0, done: 0 } });
  });

  test('ends a worker that does not see the folder, and leaves the shards to others', async () => {
    await run(add('unseen'));
    renameSync(at(`${name}-unseen`), at(`${name}-elsewhere`));
    const blind = await run(`worker ${queue('unseen')} -m @/model.gguf --until-done -q`);
    expect(blind.code).toBe(2);
    expect(blind.stderr).toMatch(/shard 0\/\d+ failed: Cannot read .*work\.json: there is no such file/);
    expect(blind.stderr).toMatch(/This worker ends and leaves its shard to others/);
    renameSync(at(`${name}-elsewhere`), at(`${name}-unseen`));
    const status = await run(`queue status ${queue('unseen')} --json`);
    expect(JSON.parse(status.stdout)).toMatchObject({ jobs: { failed: 0, done: 0 } });
  });

  test('gives an interrupted shard to others at once, though the clock of its worker is ahead', async () => {
    await run(add('ahead'));
    const stop = new AbortController();
    const worker = `worker ${queue('ahead')} -m @/model.gguf --until-done -q`;
    const now = Date.now;
    vi.spyOn(Date, 'now').mockImplementation(() => now() + 3_600_000);
    try {
      const before = (): void => stop.abort(new Interrupted('SIGTERM'));
      expect((await run(worker, { signal: stop.signal, before })).code).toBe(143);
    } finally {
      vi.restoreAllMocks();
    }
    expect((await run(worker)).code).toBe(1);
    expect((await run(`merge @/${name}-ahead`)).code).toBe(0);
  }, 15_000);

  test('fails a job that another program put there, and says so', async () => {
    await withQueue('shared', async (opened) => {
      await opened.add('shard', {} as never);
      await opened.add('shard', { folder: 5, shard: { index: 0 } } as never);
    });
    const worker = await run(`worker ${queue('shared')} -m @/model.gguf --until-done -q`);
    expect(worker.code).toBe(1);
    expect(worker.stderr).toMatch(
      /^(longembed: a job failed: ERR_INVALID_OPTION: The job \d is no shard: .* another --name\.\n){2}$/,
    );
    const status = await run(`queue status ${queue('shared')}`);
    expect(status.code).toBe(1);
    expect(status.stdout).toMatch(
      /, 2 failed\n.*\n(failed: ERR_INVALID_OPTION: The job \d is no shard: .*\n){2}/,
    );
  });

  test('says what the engine has against it', async () => {
    if (name === 'redis') {
      const redis = new Redis(engine.url);
      await redis.config('SET', 'maxmemory', '1kb');
      const refused = await run(add('refused'));
      await redis.config('SET', 'maxmemory', '0');
      await redis.quit();
      expect(refused.code).toBe(2);
      expect(refused.stderr).toMatch(/^longembed: ERR_INVALID_OPTION: The queue at redis:.* refused: OOM /);
    }
    const wrong = name === 'redis' ? `${engine.url}/999999` : engine.url.replace(/postgres$/, 'nowhere');
    expect((await run(`queue status --queue ${wrong}`)).stderr).toMatch(
      /Cannot reach the queue at .*: (ERR DB index is out of range|database "nowhere" does not exist)\. Check/,
    );
  });

  test('has every document once after a worker was killed in the middle of a shard, and the engine was away', async () => {
    const model = modelPath('bert');
    const text = (i: number): string =>
      Array.from({ length: 30 }, (_, k) => ['law', 'may', 'term', 'rent'][(i + k * k) % 4]).join(' ');
    writeFileSync(
      at('long.jsonl'),
      Array.from({ length: 150 }, (_, i) => `{"id":${i},"text":"${text(i)}"}\n`).join(''),
    );
    const out = at(`${name}-killed`);
    const of = ['--queue', engine.url, '--name', 'killed'];
    const added = await program([
      'queue',
      'add',
      at('long.jsonl'),
      ...of,
      '-m',
      model,
      '-o',
      out,
      '--output-format',
      'jsonl',
      '--truncate',
      '--shard-tokens',
      '1k',
    ]);
    expect(added).toMatchObject({ code: 0 });
    const work = ['worker', ...of, '-m', model, '--threads', '1', '--until-done', '--silence', '5', '-q'];
    const victim = start(work);
    while (
      victim.child.exitCode === null &&
      !(existsSync(out) && readdirSync(out).some((file) => file.endsWith('.journal')))
    )
      await setTimeout(2);
    expect(victim.child.kill('SIGKILL')).toBe(true);
    await victim.ended;
    const heir = start(work);
    await engine.stop();
    await setTimeout(1000);
    await engine.start();
    // It may have found no engine when it started, and ended.
    const ended = await heir.ended;
    if (ended.code === 2) expect(ended.stderr).toMatch(/Cannot reach the queue/);
    expect((await program(work)).code).toBe(0);
    expect(await program(['merge', out, '-o', at(`${name}-merged.jsonl`), '-q'])).toMatchObject({ code: 0 });
    await program([
      'embed',
      at('long.jsonl'),
      '-m',
      model,
      '--truncate',
      '-q',
      '-o',
      at('whole.jsonl'),
      '--force',
    ]);
    expect(readFileSync(at(`${name}-merged.jsonl`)).equals(readFileSync(at('whole.jsonl')))).toBe(true);
  }, 120_000);
});

it('takes no version of BullMQ that has Redis alone for PostgreSQL', async () => {
  vi.doMock('bullmq', () => ({ Queue: null }));
  try {
    await expect(Broker.open('postgres://localhost/queue', 'longembed')).rejects.toThrow(
      'A queue on PostgreSQL takes version 6 of BullMQ: run "npm i bullmq@6 pg".',
    );
  } finally {
    vi.doUnmock('bullmq');
  }
});

it('says what is wrong with --queue, without its password', async () => {
  const wrong = async (url: string): Promise<string> => (await run(`queue status --queue ${url}`)).stderr;
  expect(await wrong('mysql://x')).toMatch(/--queue must be a URL such as redis:\/\/localhost:6379/);
  expect(await wrong('redis://127.0.0.1:1/name')).toMatch(/--queue must be a URL such as/);
  expect(await wrong('redis://127.0.0.1:1 --name a:b')).toMatch(
    /^longembed: ERR_INVALID_OPTION: The option --name is "a:b": it must be a name without a colon/,
  );
  expect(await wrong('redis://u:secret@127.0.0.1:1')).toMatch(
    /^longembed: ERR_INVALID_OPTION: Cannot reach the queue at redis:\/\/127\.0\.0\.1:1: ECONNREFUSED\. /,
  );
  expect(await wrong('postgres://u:secret@127.0.0.1:1/q')).toMatch(
    /Cannot reach the queue at postgres:\/\/127\.0\.0\.1:1\/q: /,
  );
});
