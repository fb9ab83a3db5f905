/** Models named hf: through the library and the command line, which find the hub by the environment. */
import { mkdtempSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { type DownloadProgress, EmbeddingModel, extendModelFile } from '../../lib/index.js';
import { modelFile } from '../../lib/package.js';
import { longembed } from '../cli/program.js';
import { splitModel } from './split.js';
import { startHub, type TestHub } from './server.js';

const MODEL = readFileSync(modelFile('mini-ape'));
const NAME = 'hf:org/mini/mini-ape.gguf';
const TEXT = 'the grass is green';
let hub: TestHub;
let folder: string;

beforeAll(async () => {
  const [first, second] = await splitModel(modelFile('mini-rope'), 2);
  hub = await startHub(
    { type: 'model', name: 'org/mini', commit: 'c'.repeat(40) },
    {
      'mini-ape.gguf': MODEL,
      'rope-00001-of-00002.gguf': first!,
      'rope-00002-of-00002.gguf': second!,
    },
  );
  Object.assign(process.env, { HF_ENDPOINT: hub.endpoint, HF_TOKEN_PATH: '/nowhere' });
  delete process.env['HF_HUB_OFFLINE'];
});

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'longembed-hub-'));
  process.env['HF_HUB_CACHE'] = join(folder, 'cache');
  hub.seen.length = 0;
});

afterAll(() => hub.close());

const downloads = (): number => hub.seen.filter(({ host }) => host === 'storage').length;

describe('EmbeddingModel.load', () => {
  it('takes an hf: name, in this process or isolated', async () => {
    await using local = await EmbeddingModel.load('mini-ape');
    const { embedding } = await local.embed(TEXT);
    const progress: DownloadProgress[] = [];
    for (const isolate of [false, true]) {
      await using model = await EmbeddingModel.load(NAME, {
        isolate,
        onDownload: (one) => progress.push(one),
      });
      expect((await model.embed(TEXT)).embedding).toEqual(embedding);
      expect(model.info.path).toMatch(/models--org--mini.snapshots.c{40}.mini-ape\.gguf$/);
    }
    expect(downloads()).toBe(1);
    expect(progress.at(-1)).toMatchObject({ state: 'checking', bytesDone: MODEL.length });
  });

  it('loads a split model from the hub', async () => {
    await using whole = await EmbeddingModel.load('mini-rope');
    await using model = await EmbeddingModel.load('hf:org/mini/rope-00001-of-00002.gguf');
    expect((await model.embed(TEXT)).embedding).toEqual((await whole.embed(TEXT)).embedding);
    expect(downloads()).toBe(2);
  });

  it('stops with its signal', async () => {
    const controller = new AbortController();
    const loading = EmbeddingModel.load(NAME, {
      signal: controller.signal,
      onDownload: () => controller.abort(),
    });
    await expect(loading).rejects.toMatchObject({ code: 'ERR_ABORTED' });
    const blobs = readdirSync(join(folder, 'cache', 'models--org--mini', 'blobs'));
    expect(blobs.filter((name) => !name.endsWith('.incomplete'))).toEqual([]);
  });

  it('downloads nothing for other names', async () => {
    for (const name of ['org/mini/mini-ape.gguf', './hf:org/mini', 'https://huggingface.co/org/mini']) {
      await expect(EmbeddingModel.load(name)).rejects.toMatchObject({
        code: name.startsWith('https') ? 'ERR_INVALID_OPTION' : 'ERR_MODEL_NOT_FOUND',
      });
    }
    expect(hub.seen).toEqual([]);
  });

  it('lends an input to extendModelFile', async () => {
    const output = join(folder, 'out.gguf');
    await extendModelFile(NAME, output, { extend: 'pi:1k' });
    expect(readFileSync(output).subarray(0, 4).toString()).toBe('GGUF');
  });
});

describe('longembed', () => {
  const info = (name: string) => longembed(['info', '--json', name]);

  it('has two processes download a model once', async () => {
    // long enough under way for the other to find it
    hub.fault = ({ host }) => (host === 'storage' ? { stopAfter: 1_000_000 } : undefined);
    const both = Promise.all([info(NAME), info(NAME)]);
    const resolved = (): number => hub.seen.filter(({ url }) => url.includes('/paths-info/')).length;
    await expect.poll(resolved, { timeout: 30_000 }).toBe(2);
    await expect.poll(downloads, { timeout: 30_000 }).toBeGreaterThan(0);
    await new Promise((done) => setTimeout(done, 500));
    hub.release();
    for (const { code, stdout } of await both) {
      expect(code).toBe(0);
      expect(JSON.parse(stdout.toString())).toMatchObject({ architecture: 'bert', dimensions: 768 });
    }
    expect(downloads()).toBe(1);
    hub.fault = () => undefined;
  });

  it('says what it downloads on standard error, in every command', async () => {
    const text = join(folder, 'a.txt');
    writeFileSync(text, TEXT);
    const data = (command: string[]) => longembed(command);
    const first = await data(['embed', text, '--model', NAME]);
    expect(first.stderr).toMatch(/^longembed: downloading mini-ape\.gguf \(4\.3 MB\)\n/);
    expect(JSON.parse(first.stdout.toString())).toMatchObject({ id: text });
    const ids = await data(['tokenize', text, '--model', NAME]);
    expect(ids).toMatchObject({ code: 0, stderr: '' });
    expect(JSON.parse(ids.stdout.toString())).toHaveLength(4);
    const output = join(folder, 'out.gguf');
    expect(await data(['extend', NAME, '--extend', 'pi:1k', '-o', output])).toMatchObject({ code: 0 });
    const bench = ['--tasks', 'passkey', '--lengths', '256', '--limit', '2', '--dry-run'];
    const run = await data(['bench', '-m', NAME, ...bench, '--cache', join(folder, 'vectors')]);
    expect(run).toMatchObject({ code: 0 });
    expect(run.stdout.toString()).toContain('passkey');
    expect(downloads()).toBe(1);
  }, 180_000);

  it.each([
    ['hf:mini', /ERR_INVALID_OPTION: "hf:mini" does not name a model/],
    [
      'hf:org/mini',
      /ERR_MODEL_NOT_FOUND: org\/mini@ccccccc has 2 models: mini-ape\.gguf \(4\.3 MB\), rope-00001/,
    ],
    ['hf:org/mini/x.gguf', /ERR_MODEL_NOT_FOUND: org\/mini@ccccccc has no file x\.gguf/],
  ])('ends with 2 for %s', async (name, message) => {
    const { code, stderr, stdout } = await info(name);
    expect({ code, stdout: stdout.toString() }).toEqual({ code: 2, stdout: '' });
    expect(stderr).toMatch(message);
    expect(stderr.trim().split('\n')).toHaveLength(1);
  });
});
