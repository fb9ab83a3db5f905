import { expect, it } from 'vitest';
import { modelPath } from '../../models/random/cached.js';
import { MUTATED_MODELS } from './models.js';
import { runMutations } from './run.js';

/** Seconds: longer with LONGEMBED_MUTATION_SECONDS; for hours, test/mutation/main.ts. */
const SECONDS = Number(process.env['LONGEMBED_MUTATION_SECONDS'] ?? 20);

it(
  'no broken model file ends the process, hangs, or gives a vector that is none',
  { timeout: (SECONDS + 30) * 1000 },
  async () => {
    // Other files in every run: what CI finds in a week counts too. The seed in a finding gives the file again.
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
