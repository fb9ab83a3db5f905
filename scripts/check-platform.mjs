#!/usr/bin/env node
// Runs an installed longembed on the platform at hand and writes its vectors, or compares them with those of another platform.
// It imports nothing of the repository, so that it also runs where only Node and the installed packages are: in a folder with
// another C library, under qemu-user, under wine.
//
//   node check-platform.mjs PROJECT --write FILE [--quick]       PROJECT: the folder with node_modules
//   node check-platform.mjs PROJECT --compare FILE [--quick]     ends with 1 where a vector differs from the file's
//
// --quick: one model and short texts, for emulators. --node PROGRAM: what starts Node, where an emulator has to.
import { copyFileSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { basename, join, resolve } from 'node:path';
import process from 'node:process';
import { pathToFileURL } from 'node:url';
import { parseArgs } from 'node:util';

/** The most that 1 − cosine may be between two platforms: rounding alone gives 1e-13 to 1e-12. */
const MAX_DISTANCE = 1e-6;
const NOTE = 'a short note';
const SENTENCE = 'A long contract about a remote control. ';
const STRATEGIES = ['none', 'pcw:2k', 'gp:2k', 'rp:2k', 'pi:2k', 'se:2k', 'ntk:2k'];
/** Models, their strategies (self-extend and NTK stretch rotary positions), and how many sentences the document has. */
const QUICK = [{ model: 'mini-rope', strategies: ['none', 'pcw:2k', 'se:2k'], sentences: 60 }];
const ALL = [
  ...QUICK,
  { model: 'mini-rope', strategies: STRATEGIES.slice(1), sentences: 180 },
  { model: 'mini-ape', strategies: STRATEGIES.slice(0, 5), sentences: 180 },
  { model: 'mini-causal', strategies: STRATEGIES, sentences: 180 },
];
/** ggml's CPU backends for x86 that have AVX2. */
const AVX2_BACKEND =
  /^(haswell|skylakex|cannonlake|cascadelake|icelake|cooperlake|alderlake|zen4|sapphirerapids)$/;
/** What is said of ggml's backend where musl keeps those that were only tried. */
const ONE_OF = 'one of';
/** GPUs round otherwise. */
const ON_CPU = { gpuLayers: 0 };
const DECIMALS = 7;

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: {
    write: { type: 'string' },
    compare: { type: 'string' },
    quick: { type: 'boolean' },
    node: { type: 'string' },
  },
});
const project = positionals[0];
if (project === undefined || (values.write === undefined) === (values.compare === undefined)) {
  process.stderr.write('check-platform: give the folder of a project, and --write FILE or --compare FILE.\n');
  process.exit(2);
}
const installed = join(resolve(project), 'node_modules', 'longembed');
const { EmbeddingModel } = await import(pathToFileURL(join(installed, 'dist', 'lib', 'index.js')).href);
const vectors = await embedAll(values.quick ? QUICK : ALL);
const failures = await tryTheRest();
const { addon } = await import(pathToFileURL(join(installed, 'dist', 'lib', 'native', 'index.js')).href);
const { kernels } = addon().buildInfo();
checkKernels();
if (values.write !== undefined) writeFileSync(values.write, JSON.stringify(vectors));
else compare(JSON.parse(readFileSync(/** @type {string} */ (values.compare), 'utf8')));
for (const failure of failures) process.stdout.write(`failed: ${failure}\n`);
process.exitCode = failures.length === 0 ? 0 : 1;

/**
 * @param {typeof ALL} cases
 * @returns {Promise<Record<string, number[]>>} by model, strategy and document
 */
async function embedAll(cases) {
  /** @type {Record<string, number[]>} */
  const found = {};
  for (const { model: name, strategies, sentences } of cases) {
    const model = await EmbeddingModel.load(name, ON_CPU);
    for (const extend of strategies) {
      const text = extend === 'none' ? NOTE : SENTENCE.repeat(sentences);
      const { embedding } = await model.embed(text, { extend });
      found[[name, extend, ...(extend === 'none' ? [] : [sentences])].join(' ')] = Array.from(
        embedding,
        (value) => Number(value.toFixed(DECIMALS)),
      );
    }
    await model.dispose();
  }
  return found;
}

/** A path that needs more than ASCII, a text that is too long, a call that is cancelled, a process of its own. */
async function tryTheRest() {
  const failed = [];
  const expected = /** @type {number[]} */ (vectors['mini-rope none']);
  const same = (/** @type {ArrayLike<number>} */ embedding) => distance(expected, embedding) < MAX_DISTANCE;

  const folder = mkdtempSync(join(tmpdir(), 'longembed mödel 模型 '));
  try {
    const file = join(folder, 'ein modèle ü.gguf');
    copyFileSync(join(installed, 'models', 'mini-rope.gguf'), file);
    const model = await EmbeddingModel.load(file, ON_CPU);
    if (!same((await model.embed(NOTE)).embedding)) failed.push('the vector of a model under another path');
    const code = (/** @type {Promise<unknown>} */ call) =>
      call.then(
        () => 'a vector',
        (/** @type {unknown} */ error) => String(/** @type {{ code?: string }} */ (error).code),
      );
    const long = await code(model.embed(SENTENCE.repeat(100)));
    if (long !== 'ERR_INPUT_TOO_LONG') failed.push(`a text that is too long gave ${long}`);
    const signal = globalThis.AbortSignal.timeout(5);
    const cancelled = await code(model.embed('word '.repeat(20_000), { extend: 'none:32k', signal }));
    if (cancelled !== 'ERR_ABORTED') failed.push(`a call that was cancelled gave ${cancelled}`);
    await model.dispose();
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }

  if (values.node !== undefined) process.execPath = resolve(values.node);
  try {
    const isolated = await EmbeddingModel.load('mini-rope', { ...ON_CPU, isolate: true });
    if (!same((await isolated.embed(NOTE)).embedding)) failed.push('the vector of an isolated model');
    await isolated.dispose();
  } catch (error) {
    failed.push(`isolation: ${String(error)}`);
  }
  return failed;
}

/** @param {Record<string, number[]>} others */
function compare(others) {
  let [worst, difference] = [0, 0];
  for (const [name, vector] of Object.entries(vectors)) {
    const other = others[name];
    if (other === undefined) throw new Error(`the file to compare with has no vector ${name}`);
    worst = Math.max(worst, distance(vector, other));
    for (const [i, value] of vector.entries())
      difference = Math.max(difference, Math.abs(value - Number(other[i])));
  }
  process.stdout.write(
    `${process.platform}-${process.arch}, Node ${process.version}: ${Object.keys(vectors).length} vectors, worst ` +
      `1 - cosine ${worst.toExponential(1)}, largest difference ${difference.toExponential(1)}; CPU backend ${cpuBackend()}, ` +
      `kernels ${kernels}\n`,
  );
  if (!(worst <= MAX_DISTANCE)) failures.push(`the vectors are further than ${MAX_DISTANCE} from the others`);
}

/** Our own kernels must have found the processor's vectors: a compiler's runtime may not, and all is slow then. */
function checkKernels() {
  const backend = cpuBackend();
  const hasAvx2 =
    backend.startsWith(ONE_OF) && process.arch === 'x64'
      ? / avx2 /.test(readFileSync('/proc/cpuinfo', 'utf8'))
      : AVX2_BACKEND.test(backend);
  if (kernels === 'portable' && hasAvx2)
    failures.push('the processor has AVX2, and the kernels are those for all processors');
}

/** The instruction sets that ggml has chosen for this processor: the end of its library's name, `haswell` or `armv8.2_2`. */
function cpuBackend() {
  const { sharedObjects = [] } = /** @type {{ sharedObjects?: string[] }} */ (process.report.getReport());
  const names = sharedObjects.map((file) => /ggml-cpu-?(.*)\.(so|dylib|dll)$/.exec(basename(file))?.[1]);
  const [name, ...others] = names.filter((one) => one !== undefined);
  if (others.length > 0) return `${ONE_OF} ${others.length + 1}`;
  return name === undefined ? 'in the addon' : name || 'for all processors';
}

/** @param {ArrayLike<number>} a @param {ArrayLike<number>} b @returns {number} 1 − cosine; infinite where the sizes differ */
function distance(a, b) {
  if (a.length !== b.length) return Infinity;
  let [product, left, right] = [0, 0, 0];
  for (let i = 0; i < a.length; i++) {
    const [x, y] = [Number(a[i]), Number(b[i])];
    product += x * y;
    left += x * x;
    right += y * y;
  }
  return 1 - product / Math.sqrt(left * right);
}
