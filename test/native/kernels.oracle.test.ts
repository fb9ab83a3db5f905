/**
 * Every way of computing on a CPU, against the float64 oracle: each variant of our kernels, and ggml's operations alone, which is
 * how a GPU computes, also with heads padded as on a CUDA device.
 */
import { afterAll, beforeAll, describe, it } from 'vitest';

import { addon } from '../../lib/native/index.js';
import { ARCHITECTURE_NAMES, POSITION_ARCHITECTURES } from '../../models/random/index.js';
import { readFixture } from './fixtures.js';
import { compareCase, FixtureModels } from './oracle-cases.js';

const FIXTURES = [
  ...ARCHITECTURE_NAMES,
  ...POSITION_ARCHITECTURES.map((arch) => `${arch}-strategies`),
  'gemma-embedding-head', // dense layers over pooled vectors
  'nomic-bert-moe-few', // one expert a token
  'bert-rows', // positions between rows in blocks of a long sequence
];

/** The largest 1 − cosine where products are sums of products in BF16: measured 4e-10, and 4e-5 with one of them alone. */
const SPLIT_LIMIT = 1e-9;

// the emulated ones are the code for AVX-512 and AMX on any machine: the same bits, slowly
describe.each([
  'ggml',
  'ggml-padded',
  'portable',
  'avx2',
  'avx512',
  'avx512-emulated',
  'amx',
  'amx-emulated',
])('by %s', (kernel) => {
  beforeAll(() => {
    process.env.LONGEMBED_KERNELS = kernel;
  });
  afterAll(() => {
    delete process.env.LONGEMBED_KERNELS;
  });

  it.for(FIXTURES)(`gives the oracle's vectors: %s`, async (name, ctx) => {
    if (addon().buildInfo().kernels !== kernel)
      ctx.skip(`${kernel}: this processor cannot run these kernels`);
    const fixture = readFixture(name);
    await using models = new FixtureModels(fixture);
    // other fixtures' tests go through all cases with the default kernel
    const cases = fixture.cases.filter((_, index) => index % 3 === 0);
    const most = kernel.startsWith('amx') ? SPLIT_LIMIT : Infinity;
    for (const one of cases) await compareCase(models, one, most);
  });
});
