/**
 * Compares files that `extendModelFile` writes, run by stock llama.cpp, with longembed's own strategies on the originals.
 * By hand:
 *
 *     npx tsx test/extend-file/against-llama-cpp.ts path/to/llama-embedding
 *
 * Prints the worst 1 − cosine of each model and strategy over texts of Lo + 1 to Lt tokens. llama.cpp takes GELU in its
 * tanh form from a table of halves, so BERT's kin agree to about 1e-7 and not further; its flash attention and its cache
 * (halves too) are switched off.
 */
import { execFile } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { integer, words } from '../../models/random/random.js';
import { EmbeddingModel, extendModelFile } from '../../lib/index.js';
import { cosineDistance } from '../native/fixtures.js';
import { modelPath, type SpecName } from '../../models/random/cached.js';
import { readMetadata } from '../tokenize/gguf-vocabulary.js';

const CASES: readonly (readonly [model: SpecName, specs: readonly string[], nativeContext?: number])[] = [
  ['bert', ['pi:512', 'pi:500,s=8.5', 'gp:512', 'gp:300,s=7', 'rp:512', 'rp:500']],
  ['bert-rows', ['pi:1k', 'gp:1k', 'rp:1k'], 256],
  ['jina-bert-v3', ['ntk:512', 'ntk:512,lambda=3.3', 'pi:512', 'pi:500,s=8.5']],
  ['nomic-bert', ['ntk:512', 'ntk:512,lambda=3.3', 'pi:512', 'pi:500,s=8.5']],
  ['llama', ['ntk:512', 'ntk:512,lambda=3.3', 'pi:512', 'pi:500,s=8.5']],
];

/** The specs' own vocabularies have words of one token each. */
function textOf(path: string, tokens: number): string {
  const vocabulary = readMetadata(path).get('tokenizer.ggml.tokens') as string[];
  const plain = vocabulary.filter((token) => /^\u2581[a-z]+$/.test(token)).map((token) => token.slice(1));
  const next = words(tokens, 'text');
  return Array.from({ length: tokens }, () => plain[integer(next, 0, plain.length)]).join(' ');
}

const run = promisify(execFile);

async function theirs(
  program: string,
  path: string,
  text: string,
  context: number,
  dimensions: number,
): Promise<number[]> {
  const size = String(Math.max(512, context));
  const sizes = ['--ctx-size', size, '--batch-size', size, '--ubatch-size', size, '--threads', '2'];
  const exact = ['--flash-attn', 'off', '--cache-type-k', 'f32', '--cache-type-v', 'f32'];
  const output = ['--embd-normalize', '-1', '--embd-output-format', 'array'];
  // llama.cpp's log thread now and then loses or repeats the end of what it prints.
  for (let attempt = 0; attempt < 20; attempt += 1) {
    const { stdout } = await run(program, ['-m', path, '-p', text, ...sizes, ...exact, ...output]);
    const vector = readVector(stdout);
    if (vector?.length === dimensions) return vector;
  }
  throw new Error(`${program} prints no vector`);
}

function readVector(json: string): number[] | undefined {
  try {
    return (JSON.parse(json) as number[][])[0];
  } catch {
    return undefined;
  }
}

const [program] = process.argv.slice(2);
if (program === undefined) throw new Error('usage: against-llama-cpp.ts path/to/llama-embedding');
const folder = mkdtempSync(join(tmpdir(), 'longembed-extend-'));
try {
  for (const [name, specs, nativeContext] of CASES) {
    const input = modelPath(name);
    for (const extend of specs) {
      const output = join(folder, 'extended.gguf');
      const written = await extendModelFile(input, output, { extend, nativeContext, overwrite: true });
      const { nativeContext: lo, contextLength: lt, spec } = written;
      await using model = await EmbeddingModel.load(input, { nativeContext, backend: 'cpu' });
      const { prefix, suffix } = model.info.specialTokens;
      const around = prefix.length + suffix.length;
      const figures: string[] = [];
      for (const n of [lo + 1, 2 * lo + 1, Math.floor((lo + lt) / 2), lt - 1, lt]) {
        const text = textOf(input, n - around);
        const ours = await model.embed(text, { extend: spec, normalize: false });
        if (ours.tokens !== n) throw new Error(`${ours.tokens} tokens, not ${n}`);
        const vector = await theirs(program, output, text, lt, model.info.dimensions);
        figures.push(`${n}: ${cosineDistance(ours.embedding, vector).toExponential(1)}`);
      }
      console.log(`${name}, Lo ${lo}, ${spec}: 1 − cosine at ${figures.join(', ')}`);
    }
  }
} finally {
  rmSync(folder, { recursive: true });
}
