import { expect, it } from 'vitest';
import { modelPath } from '../../models/random/cached.js';
import { MUTATED_MODELS } from './models.js';
import { runMutations } from './run.js';

/** Longer with LONGEMBED_MUTATION_SECONDS; for hours, test/mutation/main.ts. */
const SECONDS = Number(process.env['LONGEMBED_MUTATION_SECONDS'] ?? 20);

it(
  'no broken model file ends the process, hangs, or gives an invalid vector',
  { timeout: (SECONDS + 30) * 1000 },
  async () => {
    // Different files in every run, so that CI covers more over time. A finding's seed reproduces its file.
    const firstSeed = Date.now() % 2 ** 31;
    const models = MUTATED_MODELS.map((name) => modelPath(name));
    const report = await runMutations(models, { files: Infinity, seconds: SECONDS, firstSeed });
    expect(report.findings).toEqual([]);
    expect(report.files).toBeGreaterThan(SECONDS);
    expect(report.slowest).toBeLessThan(10_000);
    expect([...report.outcomes.keys()]).toEqual(expect.arrayContaining(['ok', 'ERR_MODEL_INVALID']));
    console.log(`${report.files} files in ${SECONDS} s:`, Object.fromEntries(report.outcomes));
  },
);
