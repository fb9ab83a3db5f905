import { execFileSync } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';
import { modelPath } from '../../models/random/cached.js';
import { collect, FakeNative, ROPE_FACTS } from '../model/fake-native.js';

const SCRIPT = fileURLToPath(new URL('./refuse.mjs', import.meta.url));

describe('a document that memory cannot hold', () => {
  // 4 GB of address space, of which Node takes more than a gigabyte; a million tokens take 6 GB
  it.skipIf(process.platform !== 'linux')('fails alone and before it is computed', () => {
    const path = modelPath({
      arch: 'jina-bert-v3',
      layers: 1,
      dimensions: 512,
      heads: 8,
      feedForward: 2048,
      context: 512,
    });
    const limited = `ulimit -v 4000000 && exec "${process.execPath}" "${SCRIPT}" "${path}" 1000000`;
    const output = execFileSync('sh', ['-c', limited], { encoding: 'utf8', timeout: 30_000 });
    expect(JSON.parse(output)).toEqual({
      fits: false,
      outcomes: [
        102,
        [
          'ERR_OUT_OF_MEMORY',
          expect.stringMatching(
            /^There is not enough memory for 1000\d{3} tokens at once: they take \d\.\d GB more on CPU, and \d+\.\d [GM]B are free\./,
          ),
        ],
        102,
      ],
    });
  });

  it('does not rule out a strategy that could embed it', async () => {
    const model = await new FakeNative(ROPE_FACTS).open();
    const results = await collect(model.embedMany(['10'], { extend: 'ntk:16384k' }));
    expect(results).toMatchObject([{ tokens: 3 }]);
  });
});

describe('memory', () => {
  const device = {
    ...{ name: 'CPU', host: true, weights: 1, activations: 2, graphs: 3 },
    ...{ missing: 4, available: 10 },
  };
  const gpu = { ...device, name: 'GPU', host: false, missing: 20, available: 20 };

  it('adds the resident and the missing memory', async () => {
    const native = new FakeNative(ROPE_FACTS);
    // of the lane's full batch of 512 tokens, what one token takes: no more passes 40
    native.need = { resident: 100, devices: [device, gpu], express: 7 * 512 };
    const model = await native.open();
    const need = await model.memory({ tokens: 40, extend: 'ntk:64' });
    expect(need).toMatchObject({ tokens: 40, windows: 1, resident: 100, peak: 111, fits: true });
    expect(need.devices.map(({ name }) => name)).toEqual(['CPU', 'GPU']);
    native.need = { resident: 100, devices: [device, { ...gpu, available: 19 }], express: 0 };
    expect(await model.memory({ tokens: 40, extend: 'ntk:64' })).toMatchObject({ fits: false });
  });

  it('plans the batch that would be run', async () => {
    const native = new FakeNative(ROPE_FACTS);
    const model = await native.open();
    const options = { extend: 'pcw:64', pooling: 'cls', batchTokens: 32 } as const;
    expect(await model.memory({ tokens: 60, ...options })).toMatchObject({ windows: 5 });
    expect(native.planned).toMatchObject([{ lengths: Int32Array.of(16, 16), pooling: 'cls' }]);
    await model.memory({ tokens: 40, extend: 'se:64,g=5,w=4' });
    expect(native.planned[1]).toMatchObject({ lengths: Int32Array.of(40), selfExtend: [5, 4] });
  });

  it('refuses what no document can be', async () => {
    const model = await new FakeNative(ROPE_FACTS).open();
    await expect(model.memory({ tokens: 17 })).rejects.toMatchObject({ code: 'ERR_INPUT_TOO_LONG' });
    await expect(model.memory({ tokens: 2 })).rejects.toThrow(
      'The option tokens is 2: it must be a whole number from 3',
    );
    await expect(model.memory({ tokens: 0 })).rejects.toThrow(
      'The option tokens is 0: it must be a whole number from 1.',
    );
    await expect(model.memory({} as { tokens: number })).rejects.toThrow(
      'The option tokens is undefined: it must be a whole number from 1.',
    );
    await model.dispose();
    await expect(model.memory({ tokens: 10 })).rejects.toMatchObject({ code: 'ERR_DISPOSED' });
  });
});
