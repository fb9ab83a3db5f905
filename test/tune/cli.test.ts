/** `longembed tune` and `longembed pairs`, as people run them. */
import { execFileSync } from 'node:child_process';
import { existsSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { open } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { describe, expect, it } from 'vitest';
import { modelPath } from '../../models/random/cached.js';
import { start } from '../cli/program.js';
import { longembed } from '../cli/world.js';
import { newPath, pairsFile, somePairs } from './helpers.js';

const input = modelPath({ arch: 'bert', layers: 2, dimensions: 32, heads: 2, feedForward: 64, context: 64 });
const pairs = pairsFile(somePairs(24));

const tuneArgs = (output: string, steps: number, ...more: string[]): string[] => [
  ...['tune', input, '--extend', 'pi:256', '--pairs', pairs, '--batch', '8', '--steps', String(steps)],
  ...['-o', output, ...more],
];

it.each(['tune', 'pairs'])('%s explains its options', async (command) => {
  const { code, stdout } = await longembed([command, '--help']);
  expect(code).toBe(0);
  for (const word of ['--seed', '"query"', 'Exit status', 'Example']) expect(stdout).toContain(word);
  for (const line of stdout.split('\n')) expect(line.length).toBeLessThanOrEqual(110);
});

describe('tune', () => {
  it('writes the file and the picture, and says what came of it', async () => {
    const output = newPath('.gguf');
    const dev = pairsFile(somePairs(6, 700));
    const { code, stdout, stderr } = await longembed(
      tuneArgs(output, 4, '--dev', dev, '--lr', '1e-3', '--json'),
    );
    expect(code).toBe(0);
    expect(JSON.parse(stdout)).toMatchObject({
      path: output,
      step: 4,
      finished: true,
      learnedRows: 192,
    });
    expect(stderr).toMatch(/mean reciprocal rank on held-out pairs 0\.\d+, before 0\.\d+/);
    expect(stderr).toMatch(
      /wrote .*: 256 tokens instead of the native 64, 192 rows learned in 4 steps; the loss is in/,
    );
    expect(readFileSync(`${output}.html`, 'utf8')).toContain('<svg');
    expect(existsSync(`${output}.checkpoint`)).toBe(false);
  });

  it('stops when the time is up, and goes on', async () => {
    const output = newPath('.gguf');
    const limited = await longembed(tuneArgs(output, 3, '--limit-minutes', '0.000001', '--no-report'));
    expect(limited.code).toBe(0);
    expect(limited.stderr).toContain(
      `the time was up after 1 of 3 steps: the same command with --resume goes on from ${output}.checkpoint`,
    );
    expect((await longembed(tuneArgs(output, 3, '--no-report'))).stderr).toMatch(
      /exists|is the checkpoint of a run/,
    );
    expect((await longembed(tuneArgs(output, 3, '--no-report', '--resume'))).code).toBe(0);
    const straight = newPath('.gguf');
    await longembed(tuneArgs(straight, 3, '--no-report', '-q'));
    expect(readFileSync(output).equals(readFileSync(straight))).toBe(true);
    expect(existsSync(`${output}.html`)).toBe(false);
  });

  it.each<[NodeJS.Signals, number | null]>([
    ['SIGKILL', null],
    ['SIGINT', 130],
  ])(
    'gives the same file after %s',
    async (signal, code) => {
      const steps = 60;
      const output = newPath('.gguf');
      const args = tuneArgs(output, steps, '--no-report', '--checkpoint-minutes', '0.0001');
      const run = start(args);
      run.child.stdin.end();
      for (let i = 0; i < 1200 && !existsSync(`${output}.checkpoint`); i += 1) await sleep(25);
      run.child.kill(signal);
      const ended = await run.ended;
      expect(ended.code).toBe(code);
      expect(existsSync(output)).toBe(false);
      if (signal === 'SIGINT') {
        expect(ended.stderr).toContain('the same command with --resume goes on from there');
        expect(ended.stderr).toContain('interrupted (SIGINT)');
      }
      expect((await longembed([...args, '--resume', '-q'])).code).toBe(0);
      const straight = newPath('.gguf');
      await longembed(tuneArgs(straight, steps, '--no-report', '-q'));
      expect(readFileSync(output).equals(readFileSync(straight))).toBe(true);
    },
    120_000,
  );

  it.skipIf(process.platform === 'win32')(
    'does not wait for pairs after a signal',
    async () => {
      const silent = newPath('.jsonl');
      execFileSync('mkfifo', [silent]);
      const run = start([...tuneArgs(newPath('.gguf'), 3), '--pairs', silent]);
      // Resolves when the program opens it too.
      const writer = await open(silent, 'w');
      try {
        run.child.kill('SIGINT');
        expect((await run.ended).stderr).toContain('interrupted (SIGINT)');
      } finally {
        run.child.kill('SIGKILL');
        await writer.close();
      }
    },
    30_000,
  );

  it('names no checkpoint that could not be written', async () => {
    const inFolder = newPath('');
    mkdirSync(inFolder);
    const checkpoint = join(inFolder, 'checkpoint');
    const more = ['--no-report', '--checkpoint', checkpoint, '--checkpoint-minutes', '0.0001'];
    const run = start(tuneArgs(newPath('.gguf'), 100_000, ...more));
    const failed = new Promise<void>((resolve) => {
      run.child.stderr.on('data', (piece: Buffer) => {
        if (piece.includes('A checkpoint could not be written')) resolve();
      });
    });
    for (let i = 0; i < 1200 && !existsSync(checkpoint); i += 1) await sleep(25);
    rmSync(inFolder, { recursive: true });
    await failed;
    run.child.kill('SIGINT');
    const { code, stderr } = await run.ended;
    expect(code).toBe(130);
    expect(stderr).not.toContain('--resume goes on');
  }, 60_000);

  it.each<[string, string[], string]>([
    ['a rate that is none', ['--lr', 'fast'], 'It must be a number above 0, such as 0.01 or 5e-4.'],
    ['a batch of one', ['--batch', '1'], 'whole number from 2'],
    [
      'a report and none',
      ['--report', 'r.html', '--no-report'],
      '--report and --no-report exclude each other',
    ],
    [
      'none and a report',
      ['--no-report', '--report', 'r.html'],
      '--report and --no-report exclude each other',
    ],
    ['another model', ['--preset', 'nothing'], 'ERR_INVALID_OPTION'],
    ['too large a batch', ['--batch', '1k'], 'fewer than the 1024 of a batch'],
  ])('refuses %s', async (_name, more, message) => {
    const { code, stderr } = await longembed(tuneArgs(newPath('.gguf'), 3, ...more));
    expect(code).toBe(2);
    expect(stderr).toContain(message);
  });
});

describe('pairs', () => {
  it('names what it cannot read, and goes on', async () => {
    const folder = newPath('');
    mkdirSync(folder);
    const text =
      'One sentence says one thing here, and it says no more. Another says something else entirely. ' +
      'A third one follows after both of them. The fourth is the last.';
    writeFileSync(join(folder, 'a.md'), `# Title\n\n${text}\n`);
    writeFileSync(join(folder, 'b.md'), Uint8Array.of(0xc3, 0x28));
    const output = newPath('.jsonl');
    const { code, stderr } = await longembed(['pairs', folder, '-o', output]);
    expect(code).toBe(1);
    expect(stderr).toContain(`${join(folder, 'b.md')}: ERR_TOKENIZER: The text is not UTF-8`);
    expect(stderr).toMatch(/wrote \d+ pairs? of 1 document to/);
    expect((await longembed(['pairs', folder, '-o', output])).code).toBe(2);
    expect((await longembed(['pairs', folder, '-o', newPath(''), '--dev-share', '2'])).stderr).toContain(
      'below 1',
    );
  });
});
