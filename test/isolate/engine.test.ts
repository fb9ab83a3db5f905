/** When a process that computes dies, with one that has no model and dies on command. */
import { mkdtempSync, rmSync, utimesSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterEach, describe, expect, it } from 'vitest';
import type { IsolatedEngine } from '../../lib/native/isolated/engine.js';
import { codeOf, errorOf } from './errors.js';
import {
  ASSERTS,
  ASSERTS_AT_ONCE,
  embed,
  embedShort,
  FAILS,
  FINE,
  fakeEngine,
  loadedEngine,
  NEVER,
  tokenize,
  writeModel,
} from './fake-engine.js';
import { engineProcesses, kill, onlyEngine, until } from './processes.js';

/** Time in which a process starts on a busy machine too: seven that are killed before end the model. */
const KILL_EVERY_MS = 1000;

const engines: IsolatedEngine[] = [];
const folder = mkdtempSync(join(tmpdir(), 'longembed-'));

async function loaded(...args: Parameters<typeof loadedEngine>): Promise<IsolatedEngine> {
  const engine = await loadedEngine(...args);
  engines.push(engine);
  return engine;
}

afterEach(async () => {
  for (const engine of engines.splice(0)) await engine.dispose();
  expect(engineProcesses()).toEqual([]);
  rmSync(folder, { recursive: true, force: true });
});

describe('a death', () => {
  it('fails the batch in progress, and reports how, at what and why', async () => {
    const engine = await loaded();
    const error = await errorOf(embed(engine, ASSERTS, 5, 6).promise);
    expect(error.code).toBe('ERR_BACKEND');
    expect(error.message).toBe(
      'The process that computes was ended by SIGABRT while it computed a sequence of 3 tokens: ' +
        '/llama.cpp/ggml.c:12: GGML_ASSERT(n > 0) failed. The next call starts it again.',
    );
    expect((error.cause as Error).message).toContain('a line before');
  });

  it('is followed by a restart at the next call', async () => {
    const engine = await loaded();
    const [before] = await embed(engine, FINE).promise;
    await errorOf(embed(engine, ASSERTS).promise);
    expect(engineProcesses()).toEqual([]);
    const [after] = await embed(engine, FINE).promise;
    expect(before).not.toBe(after);
    expect(engineProcesses()).toHaveLength(1);
  });

  it('does not fail the batches behind: the next process computes them, in order', async () => {
    const engine = await loaded();
    const calls = [ASSERTS, FINE, FINE, FINE].map((token) => embed(engine, token).promise);
    expect(await codeOf(calls[0]!)).toBe('ERR_BACKEND');
    const pids = await Promise.all(calls.slice(1));
    expect(new Set(pids.map(([pid]) => pid))).toEqual(new Set([onlyEngine()]));
  });

  it('is attributed to a cancelled batch that is still computed, not to the one behind it', async () => {
    const engine = await loaded();
    const first = embed(engine, NEVER);
    const cancelled = codeOf(first.promise);
    const second = embed(engine, FINE);
    first.cancel();
    expect(await cancelled).toBe('ERR_ABORTED');
    kill(onlyEngine());
    const [pid] = await second.promise;
    expect(pid).toBe(onlyEngine());
  });

  it('fails the batch of the lane that is to blame when both lanes were computing', async () => {
    const engine = await loaded();
    const long = embed(engine, NEVER);
    const behind = embed(engine, FINE).promise;
    const short = codeOf(embedShort(engine, ASSERTS).promise);
    const next = embedShort(engine, FINE).promise;
    const cancelled = codeOf(long.promise);
    await sleep(500);
    // Each is tried again alone, the older one first, which takes for ever.
    long.cancel();
    expect(await cancelled).toBe('ERR_ABORTED');
    expect(await short).toBe('ERR_BACKEND');
    expect(await Promise.all([behind, next])).toHaveLength(2);
  });

  it('costs neither lane its batch when the process was only killed', async () => {
    const engine = await loaded();
    const long = embed(engine, NEVER);
    const short = embedShort(engine, NEVER);
    const ended = Promise.all([codeOf(long.promise), codeOf(short.promise)]);
    await tokenize(engine, 'abc').promise;
    const first = onlyEngine();
    kill(first);
    await until(() => engineProcesses().some((pid) => pid !== first));
    long.cancel();
    // Alone, it fails with a process that computes it; a kill before that costs nothing.
    const killing = setInterval(() => engineProcesses().forEach((pid) => kill(pid)), KILL_EVERY_MS);
    expect(await ended).toEqual(['ERR_ABORTED', 'ERR_BACKEND']);
    clearInterval(killing);
  });

  it('fails the text that was being tokenized, which is not retried', async () => {
    const engine = await loaded();
    const first = onlyEngine();
    const error = await errorOf(tokenize(engine, 'die').promise);
    expect(error.message).toContain('split a text of 3 characters into tokens: /llama.cpp/ggml.c:12');
    expect(error.message).toContain('The next call starts it again.');
    expect(engineProcesses()).toEqual([]);
    expect([...(await tokenize(engine, 'four').promise)]).toEqual([4]);
    expect(onlyEngine()).not.toBe(first);
  });

  it('fails one text of several that were being tokenized, and none beside it', async () => {
    const engine = await loaded();
    const hanging = tokenize(engine, 'never');
    const calls = ['four', 'die', 'fine, too'].map((text) => tokenize(engine, text).promise);
    const behind = embed(engine, FINE).promise;
    const ended = Promise.all([codeOf(hanging.promise), codeOf(calls[1]!)]);
    await sleep(500);
    // The one that hangs goes first, alone. Without it, the others show what they are.
    hanging.cancel();
    expect(await ended).toEqual(['ERR_ABORTED', 'ERR_BACKEND']);
    expect([...(await calls[0]!), ...(await calls[2]!)]).toEqual([4, 9]);
    expect(await behind).toHaveLength(1);
  });

  it('does not fail a text that was tokenized beside the batch', async () => {
    const engine = await loaded();
    const batch = embed(engine, NEVER).promise;
    const text = tokenize(engine, 'never').promise;
    await until(() => engineProcesses().length === 1);
    // The process has the batch once it has answered what came after it.
    await tokenize(engine, 'abc').promise;
    const first = onlyEngine();
    kill(first);
    expect(await codeOf(batch)).toBe('ERR_BACKEND');
    // The next process has the text alone, some time after it was started; a kill before that costs nothing.
    const failure = errorOf(text);
    const killing = setInterval(() => engineProcesses().forEach((pid) => kill(pid)), KILL_EVERY_MS);
    await failure;
    clearInterval(killing);
    expect((await failure).message).toContain('split a text of 5 characters');
  });

  it('before it was reported fails the call when a second process dies of it, and none beside it', async () => {
    const engine = await loaded();
    const first = onlyEngine();
    const calls = [ASSERTS_AT_ONCE, FINE, ASSERTS_AT_ONCE, FINE].map((token) => embed(engine, token).promise);
    const text = tokenize(engine, 'die at once').promise;
    expect(await Promise.all([codeOf(calls[0]!), codeOf(calls[2]!), codeOf(text)])).toEqual(
      Array(3).fill('ERR_BACKEND'),
    );
    expect(await Promise.all([calls[1], calls[3]])).toHaveLength(2);
    expect(onlyEngine()).not.toBe(first);
  });

  it('before it was reported costs a call nothing that was not the cause', async () => {
    const engine = await loaded();
    for (const start of [() => embed(engine, FINE), () => tokenize(engine, 'abc')]) {
      const [pid] = await embed(engine, FINE).promise;
      const { promise } = start();
      kill(pid!);
      expect(await promise).toHaveLength(1);
    }
  });

  it('names an exception of the process and its exit code', async () => {
    const engine = await loaded();
    const error = await errorOf(tokenize(engine, 'throw').promise);
    expect(error.message).toContain('ended with exit code 1 while it split a text of 5 characters');
    expect(error.message).toContain('TypeError: no such thing.');
  });

  it('passes on errors that are not deaths', async () => {
    const engine = await loaded();
    const error = await errorOf(embed(engine, FAILS).promise);
    expect([error.code, error.message]).toEqual(['ERR_OUT_OF_MEMORY', 'no memory']);
    const [pid] = await embed(engine, FINE).promise;
    expect(pid).toBe(onlyEngine());
  });

  it('while idle fails nothing, however often, even when a call comes before the report', async () => {
    const engine = await loaded();
    for (let i = 0; i < 5; i++) {
      const pid = onlyEngine();
      kill(pid);
      if (i % 2 === 0) await until(() => !engineProcesses().includes(pid));
      expect([...(await tokenize(engine, 'four').promise)]).toEqual([4]);
      kill(onlyEngine());
      expect(await embed(engine, FINE).promise).toHaveLength(1);
    }
  });
});

describe('deaths in a row', () => {
  it('cost the calls that were computed, and never the model', async () => {
    const engine = await loaded();
    for (let i = 0; i < 4; i++) {
      for (const call of [embed(engine, ASSERTS), tokenize(engine, 'die')]) {
        expect((await errorOf(call.promise)).message).toContain('The next call starts it again.');
      }
    }
    expect([...(await tokenize(engine, 'four').promise)]).toEqual([4]);
    expect(await embed(engine, FINE).promise).toHaveLength(1);
  });

  it('by kills from outside, six of them: the next call works', async () => {
    const engine = await loaded();
    for (let i = 0; i < 6; i++) {
      const call = embed(engine, NEVER).promise;
      await tokenize(engine, 'abc').promise;
      kill(onlyEngine());
      expect((await errorOf(call)).message).toContain('was ended by SIGKILL');
    }
    expect(await embed(engine, FINE).promise).toHaveLength(1);
  });

  it('of a process that has yet to load the model fail nothing, and the call works in the end', async () => {
    const engine = await loaded();
    await errorOf(embed(engine, ASSERTS).promise);
    const call = embed(engine, FINE).promise;
    for (let i = 0; i < 4; i++) {
      await until(() => engineProcesses().length === 1);
      const pid = onlyEngine();
      kill(pid);
      await until(() => !engineProcesses().includes(pid));
    }
    expect(await call).toHaveLength(1);
  });
});

describe('loading', () => {
  it('fails with the process', async () => {
    const error = await errorOf(fakeEngine('assert').load(null).promise);
    expect([error.code, error.message]).toEqual([
      'ERR_BACKEND',
      'The process that computes was ended by SIGABRT while it loaded the model: ' +
        '/llama.cpp/ggml.c:12: GGML_ASSERT(n > 0) failed. Loading it again starts another.',
    ]);
    const silent = await errorOf(fakeEngine('exit').load(null).promise);
    expect(silent.message).toContain('ended with exit code 3 while it loaded the model. Loading');
  });

  it('fails when no process can be started', async () => {
    for (const start of [{ cwd: '/no/such/folder' }, { file: '/no/such/file.mjs' }]) {
      const error = await errorOf(fakeEngine('fake.gguf', start).load(null).promise);
      expect(error.code).toBe('ERR_BACKEND');
      expect(error.message).toMatch(
        /could not be started: .*ENOENT|exit code 1 while it loaded.*Cannot find module/,
      );
    }
  });

  it('can be cancelled, which leaves no process', async () => {
    const job = fakeEngine('never').load(null);
    const code = codeOf(job.promise);
    await until(() => engineProcesses().length === 1);
    job.cancel();
    expect(await code).toBe('ERR_ABORTED');
    await until(() => engineProcesses().length === 0);
  });

  it('again requires the same file', async () => {
    const path = join(mkdtempSync(join(tmpdir(), 'longembed-')), 'model.gguf');
    writeModel(path);
    const engine = await loaded(path);
    await errorOf(embed(engine, ASSERTS).promise);
    utimesSync(path, 1, 1);
    const error = await errorOf(embed(engine, FINE).promise);
    expect(error.code).toBe('ERR_MODEL_INVALID');
    expect(error.message).toContain(`${path} has changed`);
    rmSync(path);
  });
});

describe('dispose', () => {
  it('fails open calls, waits for the end of the process and may be called twice', async () => {
    const engine = await loaded();
    const calls = [embed(engine, NEVER), embed(engine, FINE), tokenize(engine, 'never')];
    const codes = Promise.all(calls.map(({ promise }) => codeOf(promise)));
    const disposal = engine.dispose();
    expect(engine.dispose()).toBe(disposal);
    expect(await codes).toEqual(['ERR_DISPOSED', 'ERR_DISPOSED', 'ERR_DISPOSED']);
    await disposal;
    expect(engineProcesses()).toEqual([]);
  });

  it('kills a process that does not end', async () => {
    const engine = await loaded('fake.gguf', { env: { ...process.env, FAKE_STUBBORN: '1' } });
    const started = performance.now();
    await engine.dispose();
    expect(performance.now() - started).toBeGreaterThan(2000);
    expect(engineProcesses()).toEqual([]);
  });

  it('ends a process that is being started again', async () => {
    const engine = await loaded();
    await errorOf(embed(engine, ASSERTS).promise);
    const code = codeOf(embed(engine, FINE).promise);
    await until(() => engineProcesses().length === 1);
    await engine.dispose();
    expect(await code).toBe('ERR_DISPOSED');
    expect(engineProcesses()).toEqual([]);
  });
});
