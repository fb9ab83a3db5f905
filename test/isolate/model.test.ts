/** A real model in a process of its own. */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { copyFileSync, mkdtempSync, rmSync, truncateSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterEach, describe, expect, it } from 'vitest';
import { EmbeddingModel, type LoadOptions } from '../../lib/index.js';
import { modelPath } from '../../models/random/cached.js';
import { codeOf, errorOf } from './errors.js';
import { computes, engineProcesses, kill, onlyEngine, until } from './processes.js';

const path = modelPath('llama');
const options: LoadOptions = { backend: 'cpu', threads: 1, isolate: true };
const short = 'The grass is green.';
const long = 'the grass is green and the sky is blue '.repeat(400);
const ROOT = fileURLToPath(new URL('../../', import.meta.url));

afterEach(() => expect(engineProcesses()).toEqual([]));

/** A program of its own, as a user's: what it writes last is what it gives. */
async function program(source: string): Promise<{ child: ReturnType<typeof spawn>; line: string }> {
  const script = `import { EmbeddingModel } from './lib/index.ts';
    const model = await EmbeddingModel.load(${JSON.stringify(path)}, { backend: 'cpu', threads: 1, isolate: true });
    ${source}`;
  const args = ['--import', 'tsx', '--input-type=module', '--eval', script];
  const child = spawn(process.execPath, args, { cwd: ROOT, stdio: ['ignore', 'pipe', 'inherit'] });
  const [line] = (await once(child.stdout, 'data')) as [Buffer];
  return { child, line: line.toString() };
}

/** A copy of the model in a folder of its own, to be changed while it is in use. */
function copyOfModel(): { folder: string; copy: string } {
  const folder = mkdtempSync(join(tmpdir(), 'longembed-copy-'));
  const copy = join(folder, 'model.gguf');
  copyFileSync(path, copy);
  return { folder, copy };
}

describe('an isolated model', () => {
  it('gives the same as one in this process', async () => {
    await using here = await EmbeddingModel.load(path, { ...options, isolate: false });
    await using there = await EmbeddingModel.load(path, options);
    expect(there.info).toEqual(here.info);
    expect(await there.tokenize(short)).toEqual(await here.tokenize(short));
    for (const extend of ['none', 'pcw:4k', 'se:4k', 'ntk:4k'] as const) {
      const text = extend === 'none' ? short : long.slice(0, 3000);
      const [a, b] = await Promise.all([here.embed(text, { extend }), there.embed(text, { extend })]);
      expect(b).toEqual(a);
      // A vector of its own, not a view into what else came with it.
      expect(b.embedding.byteLength).toBe(b.embedding.buffer.byteLength);
    }
    expect(await codeOf(there.embed('', {}))).toBe('ERR_INPUT_EMPTY');
    expect(await codeOf(there.embed(long))).toBe('ERR_INPUT_TOO_LONG');
  });

  it('that is killed while it computes fails that call, and the next one works', async () => {
    await using model = await EmbeddingModel.load(path, options);
    const { embedding } = await model.embed(short);
    const first = onlyEngine();
    const call = model.embed(long, { extend: 'ntk:32k', truncate: true, onProgress: () => kill(first) });
    const error = await errorOf(call);
    expect(error.code).toBe('ERR_BACKEND');
    expect(error.message).toMatch(/was ended by SIGKILL .* while it computed a sequence of \d+ tokens/);
    expect((await model.embed(short)).embedding).toEqual(embedding);
    expect(onlyEngine()).not.toBe(first);
  });

  it('whose file is truncated while mapped computes nothing with it', async () => {
    const { folder, copy } = copyOfModel();
    await using model = await EmbeddingModel.load(copy, options);
    truncateSync(copy, 4096);
    for (let call = 0; call < 2; call++) {
      const error = await errorOf(model.embed(short));
      expect(error.code).toBe('ERR_MODEL_INVALID');
      expect(error.message).toContain('was written to while its model was in use');
    }
    rmSync(folder, { recursive: true });
  });

  it('whose file is truncated in the middle of a call loses that call, not the process', async () => {
    const { folder, copy } = copyOfModel();
    await using model = await EmbeddingModel.load(copy, options);
    let cut = false;
    const onProgress = (): void => {
      if (!cut) truncateSync(copy, 4096);
      cut = true;
    };
    const long = new Int32Array(60_000).fill(7);
    const error = await errorOf(model.embed(long, { extend: 'pcw:64k', onProgress }));
    expect(cut).toBe(true);
    // SIGBUS in the engine's process, or the check after a batch, whichever comes first
    expect(error.code === 'ERR_MODEL_INVALID' || error.message.includes('SIGBUS')).toBe(true);
    expect(await codeOf(model.embed(short))).toBe('ERR_MODEL_INVALID');
    rmSync(folder, { recursive: true });
  });

  it('whose file is removed continues', async () => {
    const { folder, copy } = copyOfModel();
    await using model = await EmbeddingModel.load(copy, options);
    rmSync(folder, { recursive: true });
    expect((await model.embed(short)).embedding).toHaveLength(64);
    kill(onlyEngine());
    await until(() => engineProcesses().length === 0);
    expect(await codeOf(model.embed(short))).toBe('ERR_MODEL_NOT_FOUND');
  });

  it('lets an idle program end', async () => {
    const { child } = await program(`console.log((await model.embed('a')).tokens);`);
    expect(await once(child, 'exit')).toEqual([0, null]);
  });

  it.each(['SIGKILL', 'SIGINT'] as const)(
    'leaves no process when its program is ended by %s',
    async (signal) => {
      const { child } = await program(`
      model.embed(${JSON.stringify(long)}, { extend: 'ntk:32k', truncate: true, onProgress: () => console.log('busy') }).catch(() => {});`);
      const [pid] = engineProcesses(child.pid);
      expect(pid).toBeDefined();
      child.kill(signal);
      await once(child, 'exit');
      await until(() => !computes(pid!));
    },
  );
});
