import { execFileSync } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';
import { modelPath, type ModelSpec } from '../../models/random/cached.js';

interface Measured {
  resident: number;
  peak: number;
  measured: number;
  missingNow: number;
}

const SCRIPT = fileURLToPath(new URL('./measure.mjs', import.meta.url));

/** Wide and shallow: much to keep of every token, little to compute. */
const wide = { layers: 1, dimensions: 512, heads: 8, feedForward: 2048 };
const MODELS = {
  bert: { arch: 'bert', ...wide, context: 512 },
  rows: { arch: 'bert', ...wide, context: 8192 },
  'jina-bert-v3': { arch: 'jina-bert-v3', ...wide, context: 512, type: 'F16' },
  'nomic-bert': { arch: 'nomic-bert', ...wide, context: 512 },
  'nomic-bert-moe': { arch: 'nomic-bert-moe', ...wide, layers: 2, experts: 8, context: 512 },
  'jina-bert-v2': { arch: 'jina-bert-v2', ...wide, context: 512 },
  // two layers: in the last one only pooled tokens pass the feed-forward part, so buffers would stay partly untouched
  llama: { arch: 'llama', ...wide, layers: 2, headsKv: 4, context: 512 },
} as const satisfies Record<string, ModelSpec>;

const CASES: [model: keyof typeof MODELS, tokens: number, spec: string, threads: number, pooling: string][] =
  [
    ['bert', 512, 'none', 2, 'mean'],
    ['bert', 4096, 'pcw:4k', 1, 'mean'],
    ['bert', 4096, 'pcw:4k', 2, 'cls'],
    ['rows', 8192, 'none', 2, 'mean'],
    ['jina-bert-v3', 8192, 'none:8k', 1, 'mean'],
    ['jina-bert-v3', 8192, 'ntk:8k', 2, 'cls'],
    ['jina-bert-v3', 8192, 'se:8k', 2, 'mean'],
    ['nomic-bert', 4096, 'pi:4k', 2, 'mean'],
    ['nomic-bert', 8192, 'ntk:8k', 3, 'mean'],
    ['nomic-bert-moe', 512, 'none', 1, 'cls'],
    ['nomic-bert-moe', 8192, 'ntk:8k', 2, 'mean'],
    ['jina-bert-v2', 2048, 'none:2k,attention-scale=off', 2, 'mean'],
    ['llama', 8192, 'ntk:8k', 2, 'last'],
    ['llama', 8192, 'se:8k', 1, 'mean'],
  ];

function measure(...[model, ...rest]: (typeof CASES)[number]): Measured {
  const args = [SCRIPT, modelPath(MODELS[model]), ...rest.map(String)];
  return JSON.parse(execFileSync(process.execPath, args, { encoding: 'utf8' })) as Measured;
}

// only Linux reports a process's peak memory
describe.skipIf(process.platform !== 'linux')('the memory of a document is predicted', () => {
  it.each(CASES)('%s, %d tokens, %s, %d threads, %s', (...row) => {
    const { resident, peak, measured, missingNow } = measure(...row);
    expect(peak / measured).toBeGreaterThan(0.9);
    expect(peak / measured).toBeLessThan(1.1);
    // what the process had before must not hide what the document adds
    expect(Math.abs(peak - measured)).toBeLessThan(8e6 + 0.1 * (peak - resident));
    // of several threads one may have come too late for any block
    if (row[3] === 1) expect(missingNow).toBe(0);
  });
});
