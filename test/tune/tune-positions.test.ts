/** Tuning as a caller sees it, on a tiny random model. That gradients are right is test/native/tune.test.ts's concern. */
import { execFileSync } from 'node:child_process';
import {
  appendFileSync,
  copyFileSync,
  existsSync,
  readdirSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { basename, dirname, join } from 'node:path';
import { platform } from 'node:process';
import { describe, expect, it } from 'vitest';
import { EmbeddingModel, extendModelFile, tunePositions, type TuneOptions } from '../../lib/index.js';
import { modelPath, type ModelSpec, type SpecName } from '../../models/random/cached.js';
import { noTmpfs, tmpfs } from '../bench/runner/tmpfs.js';
import { folder, newPath, pairsFile, sentence, somePairs } from './helpers.js';

const MODEL: ModelSpec = { arch: 'bert', layers: 2, dimensions: 32, heads: 2, feedForward: 64, context: 64 };
const input = modelPath(MODEL);
const pairs = pairsFile(somePairs(24));
const dev = pairsFile(somePairs(8, 500));

function options(more: Partial<TuneOptions> = {}): TuneOptions {
  return {
    extend: 'pi:256',
    pairs,
    batch: 8,
    steps: 6,
    learningRate: 0.01,
    temperature: 0.05,
    report: false,
    ...more,
  };
}

async function tuned(more: Partial<TuneOptions> = {}, output = newPath('.gguf')) {
  return tunePositions(input, output, options(more));
}

/** Takes all that is left of a disk. */
function fill(file: string): void {
  for (let size = 1 << 20; size >= 512; size /= 2) {
    try {
      for (;;) appendFileSync(file, Buffer.alloc(size));
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== 'ENOSPC') throw error;
    }
  }
}

/** A text of exactly n tokens, special ones included: each of the vocabulary's words is one. */
const ofTokens = (n: number, number = n): string => sentence(number, n - 2);

describe('a tuned file', () => {
  it.each(['pi:256', 'rp:256', 'pi:254,s=4', 'rp:200'])(
    'with %s keeps short texts to the bit',
    async (extend) => {
      const { path, contextLength } = await tuned({ extend });
      await using before = await EmbeddingModel.load(input, { backend: 'cpu' });
      await using after = await EmbeddingModel.load(path, { backend: 'cpu' });
      expect(after.info.nativeContext).toBe(contextLength);
      for (const n of [3, 5, 17, 63, 64]) {
        const [a, b] = await Promise.all([before, after].map((model) => model.embed(ofTokens(n))));
        expect(a!.tokens).toBe(n);
        expect(b!.embedding).toEqual(a!.embedding);
      }
    },
  );

  it.each(['pi:256', 'rp:256'])(
    'with %s gives long texts other vectors than an extended one',
    async (extend) => {
      const { path } = await tuned({ extend });
      const plain = newPath('.gguf');
      await extendModelFile(input, plain, { extend });
      await using ours = await EmbeddingModel.load(path, { backend: 'cpu' });
      await using theirs = await EmbeddingModel.load(plain, { backend: 'cpu' });
      const [a, b] = await Promise.all([ours, theirs].map((model) => model.embed(ofTokens(256))));
      expect(a!.embedding).not.toEqual(b!.embedding);
      expect(a!.embedding.every((value) => Number.isFinite(value))).toBe(true);
    },
  );

  it('says how it was made', async () => {
    const { path, ...result } = await tuned({ dev, evalEvery: 2 });
    expect(result).toMatchObject({
      spec: 'pi:256,s=4,attention-scale=off',
      nativeContext: 64,
      contextLength: 256,
      learnedRows: 192,
      step: 6,
      steps: 6,
      finished: true,
      truncated: 0,
      report: null,
      checkpoint: null,
    });
    expect(result.devBefore?.step).toBe(0);
    await using model = await EmbeddingModel.load(path, { backend: 'cpu' });
    expect(model.info.shortInputs).toEqual({ upTo: 64, stride: 4 });
    expect(model.info.extended).toMatchObject({
      spec: 'pi:256,s=4,attention-scale=off',
      nativeContext: 64,
      originalContext: 64,
      tuned: { step: result.dev!.step, steps: 6, batch: 8, learningRate: 0.01, pairs: 24 },
    });
    expect(model.info.extended?.tuned?.devScore).toBeCloseTo(result.dev!.reciprocalRank, 6);
    await expect(tunePositions(path, newPath('.gguf'), options())).rejects.toMatchObject({
      code: 'ERR_MODEL_INVALID',
      message: expect.stringMatching(/was made by longembed tune .*: tune the original instead/) as string,
    });
  });

  it('does better on its pairs, and draws the loss', async () => {
    const report = newPath('.html');
    const result = await tuned({ steps: 60, dev: pairs, evalEvery: 5, report });
    expect(result.dev!.reciprocalRank).toBeGreaterThanOrEqual(result.devBefore!.reciprocalRank);
    expect(result.dev!.loss).toBeLessThan(result.devBefore!.loss);
    const page = readFileSync(report, 'utf8');
    expect(page).toContain('<svg');
    expect(page).not.toMatch(/https?:|NaN|undefined/);
  });
});

describe('a run that was interrupted', () => {
  it('gives the same file, whichever way it ended', async () => {
    const more = { dev, evalEvery: 2, checkpointMinutes: 1e-9 };
    const straight = readFileSync((await tuned({ ...more, threads: 1 })).path);

    // By the time limit, again and again.
    const output = newPath('.gguf');
    let runs = 0;
    for (let finished = false; !finished; runs += 1) {
      ({ finished } = await tuned({ ...more, limitMinutes: 1e-9, resume: runs > 0, threads: 2 }, output));
      expect(existsSync(`${output}.checkpoint`)).toBe(!finished);
    }
    expect(runs).toBe(6);
    expect(readFileSync(output).equals(straight)).toBe(true);

    // By a signal, and as after kill -9: an older checkpoint.
    const other = newPath('.gguf');
    const controller = new AbortController();
    const older = newPath('.checkpoint');
    const onProgress: TuneOptions['onProgress'] = ({ step }) => {
      if (step === 2 && !existsSync(older) && existsSync(`${other}.checkpoint`)) {
        copyFileSync(`${other}.checkpoint`, older);
      }
      if (step === 4) controller.abort(new Error('stop'));
    };
    await expect(tuned({ ...more, onProgress, signal: controller.signal }, other)).rejects.toMatchObject({
      code: 'ERR_ABORTED',
    });
    expect(existsSync(other)).toBe(false);
    copyFileSync(older, `${other}.checkpoint`);
    await tuned({ ...more, resume: true }, other);
    expect(readFileSync(other).equals(straight)).toBe(true);
  }, 120_000);

  it('goes on only with what it was begun with, and from a whole checkpoint', async () => {
    const output = newPath('.gguf');
    const checkpoint = `${output}.checkpoint`;
    await tuned({ limitMinutes: 1e-9 }, output);
    await expect(tuned({ overwrite: false }, output)).rejects.toMatchObject({
      message: expect.stringMatching(/is the checkpoint of a run of 1 steps: go on from it/) as string,
    });
    for (const other of [{ seed: 1 }, { learningRate: 0.02 }, { pairs: dev }, { extend: 'rp:256' }]) {
      await expect(tuned({ ...other, resume: true }, output)).rejects.toMatchObject({
        code: 'ERR_INVALID_OPTION',
        message: expect.stringMatching(/another model, other pairs or other settings/) as string,
      });
    }
    const bytes = readFileSync(checkpoint);
    bytes[bytes.length >> 1]! ^= 1;
    writeFileSync(checkpoint, bytes);
    await expect(tuned({ resume: true }, output)).rejects.toMatchObject({
      message: expect.stringMatching(/not a whole checkpoint/) as string,
    });
  });
});

describe('bad input', () => {
  it.each<[string, string[], string, RegExp]>([
    ['no JSON', ['{"query": '], 'ERR_INVALID_OPTION', /line 2: this is not JSON/],
    ['an array', ['[1]'], 'ERR_INVALID_OPTION', /line 2: this is not an object/],
    ['one side', ['{"query": "a"}'], 'ERR_INVALID_OPTION', /line 2: "positive" is not a text/],
    [
      'an empty side',
      ['', '{"query": "a", "positive": " "}'],
      'ERR_INPUT_EMPTY',
      /line 3: "positive" is empty/,
    ],
    [
      'an empty negative',
      ['{"query": "a", "positive": "b", "negatives": [""]}'],
      'ERR_INPUT_EMPTY',
      /line 2: "negatives" has an empty text/,
    ],
    [
      'negatives of another type',
      ['{"query": "a", "positive": "b", "negatives": "c"}'],
      'ERR_INVALID_OPTION',
      /line 2/,
    ],
    ['a lone surrogate', ['{"query": "\\ud800", "positive": "b"}'], 'ERR_TOKENIZER', /line 2, "query"/],
    [
      'a long text',
      [JSON.stringify({ query: 'a', positive: ofTokens(65) })],
      'ERR_INPUT_TOO_LONG',
      /line 2, "positive": The text is 65 tokens .* is 64/,
    ],
  ])('%s', async (_name, lines, code, message) => {
    const file = pairsFile([...somePairs(1), ...lines]);
    const output = newPath('.gguf');
    await expect(tuned({ pairs: file, batch: 2 }, output)).rejects.toMatchObject({
      code,
      message: expect.stringMatching(message) as string,
    });
    expect(existsSync(output)).toBe(false);
  });

  it('cuts long texts where that is asked for, and says how many', async () => {
    const long = { query: ofTokens(70), positive: ofTokens(90) };
    const { truncated } = await tuned({
      pairs: pairsFile([...somePairs(8), long, long]),
      truncate: true,
      steps: 1,
    });
    expect(truncated).toBe(2);
  });

  it.each<[string, Partial<TuneOptions>, string, RegExp]>([
    ['too few pairs', { batch: 25 }, 'ERR_INVALID_OPTION', /24 pairs in .*, fewer than the 25 of a batch/],
    [
      'no file',
      { pairs: 'nowhere.jsonl' },
      'ERR_INVALID_OPTION',
      /Cannot read the pairs nowhere.jsonl: there is no such file/,
    ],
    ['an empty file', { pairs: pairsFile([]) }, 'ERR_INVALID_OPTION', /There are 0 pairs/],
    [
      'a fractional s',
      { extend: 'pi:200' },
      'ERR_STRATEGY_UNSUPPORTED',
      /give a target of 256, or another multiple/,
    ],
    ['rows left out', { extend: 'pi:200,s=4' }, 'ERR_STRATEGY_UNSUPPORTED', /give a target of 256/],
    ['gp', { extend: 'gp:256' }, 'ERR_STRATEGY_UNSUPPORTED', /tune with pi .* or rp/],
    ['ntk', { extend: 'ntk:256' }, 'ERR_STRATEGY_UNSUPPORTED', /ntk gives no rows/],
    ['no target beyond', { extend: 'rp:64' }, 'ERR_INVALID_OPTION', /no rows to learn/],
    [
      'attention scaling',
      { extend: 'pi:256,attention-scale=length' },
      'ERR_STRATEGY_UNSUPPORTED',
      /attention scaling/,
    ],
    ['warm-up beyond the end', { warmup: 7 }, 'ERR_INVALID_OPTION', /warmup is 7, more than the 6 steps/],
    ['evalEvery without dev', { evalEvery: 2 }, 'ERR_INVALID_OPTION', /evalEvery is for held-out pairs/],
    ['an unknown option', { epochs: 3 } as never, 'ERR_INVALID_OPTION', /epochs is not known/],
    ['a rate of 0', { learningRate: 0 }, 'ERR_INVALID_OPTION', /must be a number above 0/],
  ])('%s', async (_name, more, code, message) => {
    await expect(tuned(more)).rejects.toMatchObject({
      code,
      message: expect.stringMatching(message) as string,
    });
  });

  it.each<[SpecName, RegExp]>([
    ['jina-bert-v3', /rotary positions \(RoPE\), .* no rows that could learn/],
    ['jina-bert-v2', /ALiBi/],
    ['t5encoder', /biases by distance \(T5\)/],
  ])('%s', async (name, message) => {
    await expect(tunePositions(modelPath(name), newPath('.gguf'), options())).rejects.toMatchObject({
      code: 'ERR_ARCHITECTURE_UNSUPPORTED',
      message: expect.stringMatching(message) as string,
    });
  });

  it('a loss that is not finite ends the run, with the state before', async () => {
    const output = newPath('.gguf');
    const result = tuned(
      { learningRate: 1e38, warmup: 0, temperature: 1e-3, steps: 20, checkpointMinutes: 1e-9 },
      output,
    );
    await expect(result).rejects.toMatchObject({
      code: 'ERR_BACKEND',
      message: expect.stringMatching(
        /The loss of step \d+ is .*Try a lower learning rate than 1e\+38/,
      ) as string,
    });
    expect(existsSync(output)).toBe(false);
    expect(existsSync(`${output}.checkpoint`)).toBe(true);
  });

  it('rows that are not finite after the last step are not written', async () => {
    const output = newPath('.gguf');
    await expect(tuned({ learningRate: 1e39, steps: 1 }, output)).rejects.toMatchObject({
      code: 'ERR_BACKEND',
      message: expect.stringMatching(
        /rows after step 1 have .* not finite: .*lower learning rate than 1e\+39/,
      ) as string,
    });
    expect(existsSync(output)).toBe(false);
    // Of rows that were judged, those before it.
    expect(await tuned({ learningRate: 1e39, steps: 1, dev })).toMatchObject({ dev: { step: 0 } });
  });

  it.each(['/dev/null', folder])('%s as the checkpoint is refused, and stays', async (checkpoint) => {
    await expect(tuned({ checkpoint })).rejects.toMatchObject({
      code: 'ERR_INVALID_OPTION',
      message: expect.stringMatching(/not a regular file|is a directory/) as string,
    });
  });

  it.skipIf(platform === 'win32')('a pipe is no checkpoint', async () => {
    const checkpoint = newPath('');
    execFileSync('mkfifo', [checkpoint]);
    await expect(tuned({ checkpoint })).rejects.toThrow(/is not a regular file/);
  });

  it('a disk without room is refused before anything is learned', async () => {
    await expect(tuned({ checkpoint: '/nowhere/at/all' })).rejects.toMatchObject({
      code: 'ERR_INVALID_OPTION',
    });
    await expect(tuned({ report: join(folder, 'none', 'report.html') })).rejects.toMatchObject({
      code: 'ERR_INVALID_OPTION',
    });
  });

  it.each<
    [string, (files: Record<'model' | 'pairs' | 'dev' | 'output', string>) => Partial<TuneOptions>, RegExp]
  >([
    ['checkpoint is the output', ({ output }) => ({ checkpoint: output }), /checkpoint .* as the output/],
    ['report is the output', ({ output }) => ({ report: output }), /report .* as the output/],
    [
      'report is the checkpoint',
      ({ output }) => ({ report: `${dirname(output)}/./${basename(output)}.checkpoint` }),
      /report .* as the checkpoint/,
    ],
    ['checkpoint is the model', ({ model }) => ({ checkpoint: model }), /checkpoint .* as the model/],
    ['report is the model', ({ model }) => ({ report: model }), /report .* as the model/],
    ['report is the pairs', (files) => ({ report: files.pairs }), /report .* as the file of pairs/],
    [
      'report is the held-out pairs',
      (files) => ({ report: files.dev }),
      /report .* as the file of held-out pairs/,
    ],
    [
      'default report is the pairs',
      ({ pairs: own }) => ({ report: undefined, pairs: own }),
      /report .* as the file of pairs/,
    ],
  ])('that the %s', async (_name, more, message) => {
    const output = newPath('.gguf');
    // Of its own, so that a fault spoils no file of other tests.
    const own = { model: newPath('.gguf'), pairs: `${output}.html`, dev: newPath('.jsonl'), output };
    copyFileSync(input, own.model);
    copyFileSync(pairs, own.pairs);
    copyFileSync(dev, own.dev);
    const read = (): Buffer[] => [own.model, own.pairs, own.dev].map((path) => readFileSync(path));
    const before = read();
    const run = tunePositions(own.model, output, {
      ...options({ pairs: own.pairs, dev: own.dev, steps: 1, overwrite: true }),
      ...more(own),
    });
    await expect(run).rejects.toMatchObject({
      code: 'ERR_INVALID_OPTION',
      message: expect.stringMatching(message) as string,
    });
    expect(read()).toEqual(before);
    expect(existsSync(output)).toBe(false);
  });

  it('that the output is the pairs', async () => {
    const own = newPath('.jsonl');
    copyFileSync(pairs, own);
    await expect(tuned({ pairs: own, steps: 1, overwrite: true }, own)).rejects.toThrow(
      /output .* as the file of pairs/,
    );
    expect(readFileSync(own).equals(readFileSync(pairs))).toBe(true);
  });

  it('a report is replaced only if it may be', async () => {
    const report = newPath('.html');
    writeFileSync(report, 'mine');
    await expect(tuned({ report, steps: 1 })).rejects.toThrow(/\.html exists: name another/);
    expect(readFileSync(report, 'utf8')).toBe('mine');
    await tuned({ report, steps: 1, overwrite: true });
    expect(readFileSync(report, 'utf8')).toContain('<svg');
  });

  it.skipIf(noTmpfs !== null)(`a disk that fills up loses nothing${noTmpfs ?? ''}`, async () => {
    const disk = tmpfs(4 << 20);
    const output = join(disk, 'out.gguf');
    const more = { steps: 8, checkpointMinutes: 1e-9 };
    const warnings: string[] = [];
    const onProgress: TuneOptions['onProgress'] = ({ step }) => {
      if (step === 3 && !existsSync(join(disk, 'filler'))) fill(join(disk, 'filler'));
    };
    const onWarning = (warning: string): number => warnings.push(warning);
    await expect(tuned({ ...more, onProgress, onWarning }, output)).rejects.toMatchObject({
      code: 'ERR_INVALID_OPTION',
      message: expect.stringMatching(/Cannot write to .*: the disk is full/) as string,
    });
    expect(warnings[0]).toMatch(/A checkpoint could not be written: Cannot write to .*: the disk is full/);
    expect(readdirSync(disk).sort()).toEqual(['filler', 'out.gguf.checkpoint']);
    rmSync(join(disk, 'filler'));
    const { path } = await tuned({ ...more, resume: true }, output);
    const straight = await tuned(more);
    expect(readFileSync(path).equals(readFileSync(straight.path))).toBe(true);
  });

  it('leaves nothing half-written', () => {
    expect(readdirSync(folder).filter((name) => name.endsWith('.partial'))).toEqual([]);
    expect(readdirSync(dirname(input)).filter((name) => name.endsWith('.partial'))).toEqual([]);
  });
});
