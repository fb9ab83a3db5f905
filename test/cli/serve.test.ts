/** `longembed serve`: its arguments, and the program as people start it. */
import { chmodSync, mkdtempSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { describe, expect, it } from 'vitest';
import { Interrupted } from '../../cli/exit.js';
import { start } from './program.js';
import { longembed } from './world.js';

const folder = mkdtempSync(join(tmpdir(), 'longembed-serve-'));

function file(name: string, content: string, mode = 0o600): string {
  const path = join(folder, name);
  writeFileSync(path, content);
  chmodSync(path, mode);
  return path;
}

it('explains its options and endpoints', async () => {
  const { code, stdout } = await longembed(['serve', '--help']);
  expect(code).toBe(0);
  for (const word of ['--api-key-file', '/v1/embeddings', '=NAME', 'SIGTERM', 'pcw'])
    expect(stdout).toContain(word);
  for (const line of stdout.split('\n')) expect(line.length).toBeLessThanOrEqual(110);
});

describe('arguments', () => {
  const serve = (args: string) => longembed(['serve', ...args.split(' ').filter(Boolean)]);

  it.each([
    ['', /required option '-m, --model/],
    ['-m a.gguf --port 70000', /0 to 65535/],
    ['-m a.gguf b/a.gguf', /two models are called a:/],
    ['-m a.gguf=', /must be MODEL or MODEL=NAME/],
    ['-m a.gguf --extend foo', /Unknown strategy/],
    ['-m a.gguf --allow-extend pcw:4k foo', /Unknown strategy/],
    [
      '-m a.gguf --api-key-file /nowhere/keys',
      /keys cannot be read from \/nowhere\/keys: there is no such file/,
    ],
    ['-m a.gguf --host 203.0.113.1 --port 0', /cannot listen on 203\.0\.113\.1/],
    ['-m a.gguf --extend ntk:4k', /ERR_STRATEGY_UNSUPPORTED/],
    ['-m a.gguf --max-memory 1k', /ERR_OUT_OF_MEMORY.*more than/],
  ])('%j is refused', async (args, message) => {
    const { code, stderr, stdout } = await serve(args);
    expect([code, stdout]).toEqual([2, '']);
    expect(stderr).toMatch(message);
  });

  it('refuses a file without keys', async () => {
    const { code, stderr } = await serve(`-m a.gguf --api-key-file ${file('none.txt', '# none\n\n')}`);
    expect([code, stderr]).toEqual([2, expect.stringContaining('has no keys')]);
  });

  it('refuses a key that no header can carry', async () => {
    for (const key of ['two words', 'schl\u00fcssel']) {
      const { code, stderr } = await serve(`-m a.gguf --api-key-file ${file('odd.txt', `good\n${key}\n`)}`);
      expect([code, stderr]).toEqual([2, expect.stringContaining('has more than printable ASCII')]);
    }
  });

  it('warns of a public address without a key, and of keys that others can read', async () => {
    const warned = async (args: string): Promise<string> => {
      const stop = new AbortController();
      const running = longembed(['serve', ...args.split(' ')], { signal: stop.signal });
      await sleep(300);
      stop.abort(new Interrupted('SIGTERM'));
      const { code, stderr } = await running;
      expect(code).toBe(0);
      return stderr;
    };
    expect(await warned('-m a.gguf --host 0.0.0.0 --port 0')).toMatch(
      /warning: everybody who reaches 0\.0\.0\.0/,
    );
    const open = file('open.txt', 'key\n', 0o644);
    const stderr = await warned(`-m a.gguf --host 0.0.0.0 --port 0 --api-key-file ${open}`);
    expect(stderr).toMatch(/other accounts can read/);
    expect(stderr).not.toMatch(/everybody/);
    expect(await warned('-m a.gguf --port 0')).not.toMatch(/warning/);
  });
});

it('serves until SIGTERM, then finishes what it has begun and ends with 0', async () => {
  const keys = file('keys.txt', 'the-key\n');
  const args = ['serve', '-m', 'mini-rope=e5', '--extend', 'pcw:2k', '--port', '0', '--api-key-file', keys];
  const program = start(args);
  const url = await new Promise<string>((resolve) =>
    program.child.stdout.once('data', (piece: Buffer) => resolve(piece.toString().trim())),
  );
  const ask = (input: unknown) =>
    fetch(`${url}/v1/embeddings`, {
      method: 'POST',
      headers: { 'content-type': 'application/json', authorization: 'Bearer the-key' },
      body: JSON.stringify({ model: 'e5', input }),
    });
  expect((await fetch(`${url}/v1/models`)).status).toBe(401);
  const { data } = (await (await ask('secret text')).json()) as { data: { embedding: number[] }[] };
  expect(data[0]!.embedding).toHaveLength(768);
  expect((await ask('secret '.repeat(3000))).status).toBe(400);
  const running = ask('secret '.repeat(1500));
  await sleep(200);
  program.child.kill('SIGTERM');
  expect((await running).status).toBe(200);
  const { code, stderr, stdout } = await program.ended;
  expect(code).toBe(0);
  expect(stdout.toString()).toBe(`${url}\n`);
  expect(stderr).toMatch(/POST \/v1\/embeddings 200 e5 \d+\.\d ms, 1 inputs, \d+ tokens/);
  expect(stderr).toMatch(/POST \/v1\/embeddings 400 e5 .* context_length_exceeded/);
  for (const word of ['secret', 'the-key', '.gguf']) expect(stderr).not.toContain(word);
});
