/** What users of a GPU meet beside vectors: the command line, several devices, limits, aborting, and the check of the device. */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, afterEach, describe, expect, it, vi } from 'vitest';

import { EmbeddingModel, LongEmbedError } from '../../lib/index.js';
import { modelPath } from '../../models/random/cached.js';
import { NAMED_SPECS } from '../../models/random/index.js';
import { longembed } from '../cli/program.js';
import { cosineDistance, drawTokenIds } from '../native/fixtures.js';
import { ALLOWED, BACKEND, DEVICE, NO_GPU, NOT_VULKAN, WHY, WHY_VULKAN } from './device.js';

const folder = mkdtempSync(join(tmpdir(), 'longembed-gpu-'));
afterAll(() => rmSync(folder, { recursive: true }));
afterEach(() => vi.unstubAllEnvs());

const llama = (): string => modelPath({ ...NAMED_SPECS['quantize-llama'], type: 'F16' });
const common = { preset: false, onWarning: () => undefined, nativeContext: 64 } as const;
const content = (n: number): Int32Array => drawTokenIds(n, n, { low: 300, high: 900 });

interface Line {
  embedding: number[];
}

async function embedded(args: readonly string[]): Promise<number[]> {
  const input = join(folder, 'tokens.txt');
  writeFileSync(input, JSON.stringify([...content(200)]));
  const ended = await longembed([
    'embed',
    input,
    ...[
      '--model',
      llama(),
      '--input-format',
      'tokens',
      '--native-context',
      '64',
      '--extend',
      'se:512',
      ...args,
    ],
  ]);
  expect(ended.code, ended.stderr).toBe(0);
  return (JSON.parse(ended.stdout.toString()) as Line).embedding;
}

/** The code and message that loading ends with. */
async function failure(work: Promise<unknown>): Promise<LongEmbedError> {
  const error = await work.then(
    () => undefined,
    (reason: unknown) => reason,
  );
  expect(error).toBeInstanceOf(LongEmbedError);
  return error as LongEmbedError;
}

describe.skipIf(NO_GPU)(`a GPU${WHY}`, { timeout: 600_000 }, () => {
  it('embeds through the command line, in an isolated process and in the same', async () => {
    const cpu = await embedded(['--backend', 'cpu']);
    expect(cosineDistance(await embedded(['--backend', BACKEND]), cpu)).toBeLessThanOrEqual(ALLOWED.F16);
    const here = await embedded(['--backend', BACKEND, '--no-isolate', '--no-check-device']);
    expect(cosineDistance(here, cpu)).toBeLessThanOrEqual(ALLOWED.F16);
  });

  it('is named by `longembed info`', async () => {
    const { code, stdout } = await longembed(['info', llama(), '--backend', BACKEND]);
    expect(code).toBe(0);
    expect(stdout.toString()).toContain(`${DEVICE}: 3 layers`);
    expect(stdout.toString()).toMatch(/(Vulkan|CUDA|Metal) \((gpu|igpu|cpu|accel)\): /);
  });

  it.skipIf(NOT_VULKAN)(`shares a model with a second one${WHY_VULKAN}`, async () => {
    // the driver reads the variable when it is loaded: in a process of its own
    vi.stubEnv('GGML_VK_VISIBLE_DEVICES', '0,0');
    const info = await longembed(['info', llama(), '--backend', BACKEND, '--gpu-layers', '3', '--json']);
    const { placement } = JSON.parse(info.stdout.toString()) as { placement: { device: string }[] };
    expect(new Set(placement.map(({ device }) => device))).toEqual(new Set(['Vulkan0', 'Vulkan1']));
    const both = await embedded(['--backend', BACKEND, '--gpu-layers', '3']);
    vi.unstubAllEnvs();
    expect(cosineDistance(both, await embedded(['--backend', 'cpu']))).toBeLessThanOrEqual(ALLOWED.F16);
  });

  it.skipIf(NOT_VULKAN)(`names what is too large for one of its buffers${WHY_VULKAN}`, async () => {
    vi.stubEnv('GGML_VK_FORCE_MAX_BUFFER_SIZE', String(5 << 20));
    const tokens = join(folder, 'long.txt');
    writeFileSync(tokens, JSON.stringify([...content(6000)]));
    const { code, stderr } = await longembed([
      'embed',
      tokens,
      ...['--model', llama(), '--input-format', 'tokens', '--backend', BACKEND, '--native-context', '64'],
      ...['--extend', 'ntk:8192', '--no-isolate', '--no-check-device', '--gpu-layers', '3'],
    ]);
    expect(code).toBe(1);
    expect(stderr).toMatch(/One buffer of Vulkan0 holds at most 5\.\d MB, and .* of 6002 tokens takes/);
  });

  it('stops when aborted, and computes the next text', async () => {
    const model = await EmbeddingModel.load(llama(), { ...common, backend: BACKEND });
    const controller = new AbortController();
    const long = model.embed(content(3500), {
      extend: 'ntk:4096',
      signal: controller.signal,
      onProgress: () => controller.abort(),
    });
    setTimeout(() => controller.abort(), 200);
    expect((await failure(long)).code).toBe('ERR_ABORTED');
    const { embedding } = await model.embed(content(60));
    expect(embedding.every(Number.isFinite)).toBe(true);
    await model.dispose();
    expect((await failure(model.embed(content(60)))).code).toBe('ERR_DISPOSED');
  });

  it.skipIf(NOT_VULKAN)(
    `is refused when its vectors are not the CPU’s, unless that is not checked${WHY_VULKAN}`,
    async () => {
      // self-extend composed of products with gaps between matrices, which ggml's Vulkan backend multiplies wrongly
      vi.stubEnv('LONGEMBED_KERNELS', 'ggml-composed');
      // a file that no other test has loaded: one that has passed is not compared again
      const file = modelPath({ ...NAMED_SPECS['quantize-llama'], type: 'Q8_0', seed: 77 });
      const error = await failure(EmbeddingModel.load(file, { ...common, backend: BACKEND }));
      expect(error.code).toBe('ERR_BACKEND');
      expect(error.message).toMatch(
        /Vulkan0 computes this model wrongly: for self-extend, compared with the CPU/,
      );
      const unchecked = await EmbeddingModel.load(llama(), {
        ...common,
        backend: BACKEND,
        checkDevice: false,
      });
      await unchecked.dispose();
    },
  );
});
