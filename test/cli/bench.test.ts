import { existsSync, mkdtempSync, readFileSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { Interrupted } from '../../cli/exit.js';
import { numbersTask } from '../bench/runner/world.js';
import { longembed as real, start } from './program.js';
import { modelPath } from '../../models/random/cached.js';
import { longembed, type Outcome, type World } from './world.js';

const newFolder = (): string => mkdtempSync(join(tmpdir(), 'longembed-cli-bench-'));
const MODEL = join(newFolder(), 'fake.gguf');
writeFileSync(MODEL, 'a fake');
/** A text's vector is its length and 0.1: the nearest document is the one whose length is nearest. */
const DATA = numbersTask(['1', '22', '333333'], ['9', '88', '777777']);

const FIXED = ['bench', '--model', MODEL, '--data', DATA, '--tasks', 'qmsum'];

/** The command with folders of its own. */
async function bench(
  args: readonly string[],
  world: World = {},
): Promise<Outcome & { output: string; cache: string }> {
  const [output, cache] = [newFolder(), newFolder()];
  const outcome = await longembed([...FIXED, '--cache', cache, '--output', output, ...args], world);
  return { ...outcome, output, cache };
}

describe('bench', () => {
  it('prints the table, and reports progress and files on standard error', async () => {
    const { code, stdout, stderr, output } = await bench([]);
    expect(code).toBe(0);
    expect(stdout).toBe(
      'Scores in %: nDCG@10 of QMSum\n\n        QMSum  Avg.\n-------------------\nfake\n  none  100.0     -\n',
    );
    expect(stderr).toBe(
      'longembed: fake, none, qmsum: nDCG@10 100.00\n' +
        `longembed: results.json, report.html, timing.json and MTEB's files are in ${output}\n`,
    );
    expect(existsSync(join(output, 'results.json'))).toBe(true);
  });

  it('prints only warnings with --quiet', async () => {
    const { stderr } = await bench(['--quiet']);
    expect(stderr).toBe('');
    const second = join(newFolder(), 'second.gguf');
    writeFileSync(second, 'another fake');
    const { code, stderr: warned } = await bench(
      ['--quiet', '--extend', 'none', 'none:512', '--model', second],
      {
        infoOf: (path) => (path === second ? { positionRows: 256 } : {}),
      },
    );
    expect(code).toBe(0);
    expect(warned).toMatch(
      /^longembed: warning: second: skipping none:512: target is 512, but .* ends at 256 tokens.*\n$/,
    );
  });

  it('takes its cache from LONGEMBED_CACHE where the user has no home folder, and else says what to do', async () => {
    const homeless =
      "import os from 'node:os'; import { syncBuiltinESMExports } from 'node:module'; " +
      "os.homedir = () => { throw new Error('uv_os_homedir returned ENOENT'); }; syncBuiltinESMExports();";
    const env = {
      ...process.env,
      NODE_OPTIONS: `--import data:text/javascript,${encodeURIComponent(homeless)}`,
    };
    const args = ['bench', '--model', 'bm25', '--data', DATA, '--tasks', 'qmsum', '--output', newFolder()];
    const set = await start(args, { ...env, LONGEMBED_CACHE: newFolder() }).ended;
    expect(set).toMatchObject({ code: 0, stderr: expect.stringContaining('lexical, qmsum') as string });
    const unset = await start(args, { ...env, LONGEMBED_CACHE: '' }).ended;
    expect(unset.code).toBe(2);
    expect(unset.stderr).toMatch(
      /This user has no home folder .*: give a folder with --cache, or set LONGEMBED_CACHE/,
    );
  });

  it('passes its options on', async () => {
    const args = ['--preset', 'none', '--threads', '3', '--native-context', '128', '--backend', 'cpu'];
    const options = [
      '--query-prompt',
      'q: ',
      '--document-prompt',
      'd: ',
      '--pooling',
      'cls',
      '--max-tokens',
      '64',
    ];
    const { code, loaded, embedded } = await bench([...args, ...options, '--batch-tokens', '2k']);
    expect(code).toBe(0);
    expect(loaded).toMatchObject({
      preset: false,
      threads: 3,
      nativeContext: 128,
      backend: 'cpu',
      pooling: 'cls',
      prompts: { query: 'q: ', document: 'd: ' },
    });
    expect(embedded[0]!.options).toMatchObject({
      extend: { method: 'none' },
      as: 'document',
      truncate: true,
      maxTokens: 64,
      batchTokens: 2048,
    });
    expect((await bench(['--no-prompts'])).loaded!.prompts).toEqual({ query: '', document: '' });
    expect((await bench([])).loaded!.prompts).toEqual({ query: undefined, document: undefined });
  });

  it('accepts lists separated by commas or spaces, with keys of strategies among them', async () => {
    const { stdout } = await bench([
      '--extend',
      'none,pcw:512',
      'gp:512,s=4',
      '--extend',
      'rp:512,attention-scale=off,pi:512',
    ]);
    const specs = [...stdout.matchAll(/^ {2}(\S+) /gm)].map(([, spec]) => spec);
    expect(specs).toEqual(['none', 'pcw:512', 'gp:512,s=4', 'rp:512,attention-scale=off', 'pi:512']);
  });

  it('reports the work with --dry-run, and does nothing', async () => {
    const { code, stdout, output } = await bench(['--dry-run', '--extend', 'none', 'pcw:4k']);
    expect(code).toBe(0);
    expect(stdout).toMatch(
      /^fake, none: texts are cut at 256 tokens\n\n +documents +queries +tokens +cut +to compute +time\n/,
    );
    expect(stdout).toMatch(/^qmsum +3 +3 +\d+ +0 +6 +\d+ s$/m);
    expect(stdout).toContain('fake, pcw:4k: texts are cut at 4,096 tokens');
    expect(stdout).toMatch(/About \d+ s of computation in total\.\n$/);
    expect(existsSync(join(output, 'results.json'))).toBe(false);
    // It needs no folder for what it does not write.
    expect((await longembed([...FIXED, '--dry-run', '--cache', newFolder()])).code).toBe(0);
  });

  it('explains how to continue after an interruption', async () => {
    const controller = new AbortController();
    const { code, stderr, stdout, cache } = await bench([], {
      signal: controller.signal,
      before: () => controller.abort(new Interrupted('SIGINT')),
    });
    expect(code).toBe(130);
    expect(stdout).toBe('');
    expect(stderr).toBe(
      `longembed: interrupted (SIGINT); what was computed is kept in ${cache}: the same command continues from there\n`,
    );
  });

  it('keeps results of other runs', async () => {
    const { output, cache } = await bench(['--extend', 'pcw:4k']);
    const args = [...FIXED, '--cache', cache, '--output', output];
    const refused = await longembed(args);
    expect(refused.code).toBe(2);
    expect(refused.stderr).toMatch(
      /holds results that this run would replace: fake with pcw:4k on qmsum\. .*--force/,
    );
    expect((await longembed([...args, '--force'])).code).toBe(0);
    expect(readFileSync(join(output, 'results.json'), 'utf8')).not.toContain('pcw:4k');
  });

  it.each<[string, string[], RegExp]>([
    ['no model', ['bench', '--output', 'x'], /required option '-m, --model <files\.\.\.>' not specified/],
    ['no output', FIXED, /^longembed: Missing --output FOLDER\.$/m],
    [
      'an unknown task',
      [...FIXED, '--tasks', 'qmsun'],
      /Unknown task "qmsun": use passkey, needle, .*2wikimqa/,
    ],
    ['an unknown strategy', [...FIXED, '--extend', 'pcv:4k'], /argument 'pcv:4k' is invalid\..*pcw/],
    [
      'a seed of 2^53 + 1',
      [...FIXED, '--seed', '9007199254740993'],
      /'--seed <number>'.*must be at most 9007199254740991/,
    ],
    ['a length that is none', [...FIXED, '--lengths', 'long'], /whole number from 1/],
    [
      'lengths without a task that takes them',
      [...FIXED, '--lengths', '256', '-o', 'x'],
      /--lengths has no effect: none of the chosen tasks \(qmsum\) uses it/,
    ],
    ['essays without needle', [...FIXED, '--essays', '.', '-o', 'x'], /--essays has no effect/],
    ['prompts and none', [...FIXED, '--no-prompts', '--query-prompt', 'q'], /cannot be used with option/],
  ])('refuses %s', async (_what, args, message) => {
    const { code, stderr, loaded } = await longembed(args);
    expect(stderr).toMatch(message);
    expect(code).toBe(2);
    expect(loaded).toBeNull();
  });

  it.each<[string, string[], RegExp]>([
    [
      'a model that is not there',
      ['--model', '/nowhere.gguf'],
      /ERR_MODEL_NOT_FOUND: No such model file: \/nowhere\.gguf/,
    ],
    [
      'a folder of data that is not there',
      ['--data', '/nowhere'],
      /The data folder \/nowhere does not exist/,
    ],
    [
      'an output folder that cannot be',
      ['--output', '/dev/null/x'],
      /The output folder .* cannot be written to: a file is in its place/,
    ],
    [
      'a cache that cannot be',
      ['--cache', '/dev/null/x'],
      /The cache folder .* cannot be used: a file is in its place/,
    ],
    [
      'a strategy that the model does not take',
      ['--extend', 'se:4k'],
      /ERR_STRATEGY_UNSUPPORTED: The model does not support se:4k/,
    ],
  ])('refuses %s before anything is computed', async (_what, args, message) => {
    const base = ['bench', '--tasks', 'qmsum'];
    const options = { model: MODEL, data: DATA, cache: newFolder(), output: newFolder() };
    const given = Object.entries(options).flatMap(([name, value]) =>
      args[0] === `--${name}` ? [] : [`--${name}`, value],
    );
    const { code, stderr, embedded } = await longembed([...base, ...given, ...args]);
    expect(stderr).toMatch(message);
    expect(code).toBe(2);
    expect(embedded).toEqual([]);
  });
});

describe('bench as a program', () => {
  it('ends at SIGINT, and resumes from there', async () => {
    const output = newFolder();
    const args = [
      'bench',
      '--model',
      modelPath('bert'),
      '--threads',
      '1',
      '--tasks',
      'passkey',
      '--lengths',
      '256',
    ];
    const command = [
      ...args,
      '--extend',
      'none',
      'pcw:256',
      'gp:256',
      '--cache',
      newFolder(),
      '--output',
      output,
    ];
    const program = start(command);
    // The first strategy is done.
    await new Promise<void>((resolve) => {
      program.child.stderr.on('data', (piece: Buffer) => {
        if (piece.includes('Acc@1')) resolve();
      });
    });
    program.child.kill('SIGINT');
    const stopped = await program.ended;
    expect(stopped.code).toBe(130);
    expect(stopped.stderr).toMatch(
      /^longembed: interrupted \(SIGINT\); what was computed is kept in .*: the same command continues from there$/m,
    );
    const half = JSON.parse(readFileSync(join(output, 'results.json'), 'utf8')) as { runs: object[] };
    expect(half.runs.length).toBeLessThan(3);
    const { code, stdout } = await real(command);
    expect(code).toBe(0);
    expect(stdout.toString()).toMatch(/none +\d+\.\d[\s\S]*pcw:256 +\d+\.\d[\s\S]*gp:256 +\d+\.\d/);
  }, 120_000);
});

describe('compare', () => {
  const two = async (): Promise<[string, string]> => {
    const [a, b] = [await bench(['--extend', 'none']), await bench(['--extend', 'pcw:4k', 'gp:4k'])];
    return [a.output, b.output];
  };

  it('puts runs side by side, as a table or as JSON', async () => {
    const [a, b] = await two();
    const { code, stdout } = await longembed(['compare', a, join(b, 'results.json')]);
    expect(code).toBe(0);
    expect(stdout).toContain(`1  fake none (the baseline): fake.gguf cut at 256 tokens, from ${a}`);
    expect(stdout).toMatch(/^3 {2}fake gp:4k +100\.0 *$/m);
    const json = await longembed([
      'compare',
      a,
      b,
      '--json',
      '--baseline',
      'gp:4k',
      '--task',
      'qmsum',
      '--model',
      'fake',
    ]);
    expect(JSON.parse(json.stdout)).toMatchObject({
      baseline: 3,
      tables: [{ name: 'tasks', columns: ['qmsum'] }],
    });
  });

  it('refuses incomparable results', async () => {
    const [a, b] = await two();
    for (const [args, message] of [
      [[a], /There is only one run to compare/],
      [[a, a], /is given twice: name each results\.json once/],
      [[a, '/nowhere'], /There is no file \/nowhere/],
      [[a, b, '--baseline', 'se'], /There is no run "se" for the baseline; the runs are 1 \(fake none\)/],
      [[a, b, '--task', 'needles'], /Tasks are passkey, needle/],
      [[a, b, '--task', 'needle'], /No run has the task needle: they have qmsum/],
      [[a, b, '--model', 'other'], /There is no model "other" in the results: they have fake/],
    ] as const) {
      const { code, stdout, stderr } = await longembed(['compare', ...args]);
      expect(stderr).toMatch(message);
      expect([code, stdout]).toEqual([2, '']);
    }
  });
});
