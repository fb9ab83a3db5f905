/** A process that cannot be started again: how long it is tried, and what calls are told. */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, afterEach, expect, it, vi } from 'vitest';
import type { IsolatedEngine } from '../../lib/native/isolated/engine.js';
import { codeOf, errorOf } from './errors.js';
import { ASSERTS, embed, FINE, loadedEngine, tokenize } from './fake-engine.js';
import { engineProcesses, until } from './processes.js';

const folder = mkdtempSync(join(tmpdir(), 'longembed-'));
const flag = join(folder, 'broken');
const engines: IsolatedEngine[] = [];

/** An engine whose process has died and ends while it loads, as long as there is the flag. */
async function broken(): Promise<IsolatedEngine> {
  const engine = await loadedEngine('fake.gguf', { env: { ...process.env, FAKE_NO_START: flag } });
  engines.push(engine);
  writeFileSync(flag, '');
  await errorOf(embed(engine, ASSERTS).promise);
  return engine;
}

const now = performance.now.bind(performance);
/** Lets so much time pass. */
function later(ms: number): void {
  vi.spyOn(performance, 'now').mockImplementation(() => now() + ms);
}

afterEach(async () => {
  vi.restoreAllMocks();
  for (const engine of engines.splice(0)) await engine.dispose();
  expect(engineProcesses()).toEqual([]);
  rmSync(flag, { force: true });
});
afterAll(() => rmSync(folder, { recursive: true }));

it('is tried a few times, ever more slowly; then every call fails without a start', async () => {
  const engine = await broken();
  const started = performance.now();
  const calls = [embed(engine, FINE).promise, tokenize(engine, 'abc').promise];
  for (const call of calls) {
    const { code, message } = await errorOf(call);
    expect(code).toBe('ERR_BACKEND');
    expect(message).toBe(
      'The process that computes was ended by SIGABRT while it loaded the model again: /llama.cpp/ggml.c:12: GGML_ASSERT(n > 0) failed. ' +
        'It failed to start 7 times in a row: calls fail at once for a minute, after which the next one starts it again.',
    );
  }
  expect(performance.now() - started).toBeGreaterThan(100 * (1 + 2 + 4 + 8 + 16 + 32));
  rmSync(flag);
  expect((await errorOf(tokenize(engine, 'abc').promise)).message).toContain('7 times in a row');
  expect(engineProcesses()).toEqual([]);
  later(61_000 + 100 * 2 ** 6);
  expect(await embed(engine, FINE).promise).toHaveLength(1);
  await engine.dispose();
  expect(await codeOf(embed(engine, FINE).promise)).toBe('ERR_DISPOSED');
}, 30_000);

it('is tried again, however often it failed to start before, where the failures are minutes apart', async () => {
  const engine = await broken();
  for (let i = 1; i <= 7; i++) {
    // nobody waits longer for it
    const call = embed(engine, FINE);
    await until(() => engineProcesses().length === 1);
    await until(() => engineProcesses().length === 0);
    const code = codeOf(call.promise);
    call.cancel();
    expect(await code).toBe('ERR_ABORTED');
    later(100_000 * i);
  }
  rmSync(flag);
  expect(await embed(engine, FINE).promise).toHaveLength(1);
}, 30_000);

it('serves the calls that waited, once it can', async () => {
  const engine = await broken();
  const call = embed(engine, FINE).promise;
  await sleep(500);
  rmSync(flag);
  expect(await call).toHaveLength(1);
});

it('is not waited for by a call that is cancelled, nor by dispose', async () => {
  const engine = await broken();
  const call = embed(engine, FINE);
  const code = codeOf(call.promise);
  await sleep(1000);
  call.cancel();
  expect(await code).toBe('ERR_ABORTED');
  const other = codeOf(embed(engine, FINE).promise);
  await engine.dispose();
  expect(await other).toBe('ERR_DISPOSED');
  await sleep(1500);
  expect(engineProcesses()).toEqual([]);
});
