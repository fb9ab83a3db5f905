/**
 * Runs core's program under sanitizers: `npx tsx scripts/sanitize.ts [address|thread|leaks …]`, all of them by default.
 * address: includes undefined behaviour, and leaks at exit. leaks: checks in a plain build that allocations do not grow over a
 * thousand calls.
 */
import { spawnSync } from 'node:child_process';
import { join } from 'node:path';
import { cacheDir, root } from './lib/paths.mjs';
import { capture, runMain, say, ScriptError } from './lib/process.mjs';
import { buildSanitized, SANITIZER_OPTIONS } from './lib/sanitized-build.mjs';
import { writeTinyModels } from '../models/random/index.js';

const CHECKS = { address, thread, leaks } as const;

/** Growth allowed over 900 calls: less than one leaked block per call, since the smallest block takes 16 bytes. */
const MAX_GROWTH_BYTES = 900 * 15;

function address(): void {
  runAll(join(buildSanitized('address'), 'longembed-core'), { LSAN_OPTIONS: 'exitcode=23' });
}

function thread(): void {
  runAll(join(buildSanitized('thread'), 'longembed-core'), {});
}

/** Every model with sequences of many lengths, with its poolings, one and several threads, and both attention paths. */
function runAll(program: string, env: Record<string, string>): void {
  let runs = 0;
  for (const model of models()) {
    for (const args of argumentsFor(model)) {
      for (const kernels of ['', 'ggml']) {
        expectDone(
          program,
          [model, ...args],
          { ...env, ...(kernels && { LONGEMBED_KERNELS: kernels }) },
          SEQUENCES,
        );
        runs += 1;
      }
    }
    expectDone(program, [model, '--text'], env, 'The grass is green.\nÜnïcode, 12345 and [SEP] too!\n');
    runs += 1;
  }
  say(`${runs} runs of ${program}: clean.`);
}

function leaks(): void {
  for (const model of models()) {
    for (const threads of ['1', '3']) {
      const program = join(root, 'build', 'longembed-core');
      const stderr = expectDone(program, [model, '--repeat', '1000', '--threads', threads], {}, SEQUENCES);
      const [after100 = NaN, after1000 = NaN] = [...stderr.matchAll(/^(\d+) bytes allocated/gm)].map(
        ([, bytes]) => Number(bytes),
      );
      say(`${model}, ${threads} threads: ${after100} bytes after 100 calls, ${after1000} after 1,000`);
      if (!(after1000 - after100 <= MAX_GROWTH_BYTES)) throw new ScriptError('allocations grow.');
    }
  }
}

function models(): string[] {
  return writeTinyModels(join(cacheDir, 'sanitize'));
}

/** Lengths within the tiny models' position matrices; some are split among several threads. */
const SEQUENCES = [1, 2, 3, 13, 31, 32]
  .flatMap((length) => Array.from({ length: 4 }, (_, i) => ids(length, i)))
  .join('\n');

function ids(length: number, shift: number): string {
  return Array.from({ length }, (_, i) => 1 + ((i * 7 + shift) % 290)).join(' ');
}

function argumentsFor(model: string): string[][] {
  const rotates = /jina-bert-v3|nomic|llama|qwen/.test(model);
  const ways = [
    [],
    ...(rotates
      ? [
          ['--rope-base', '50000'],
          ['--group', '3', '--window', '4'],
        ]
      : []),
  ];
  return ways.flatMap((way) =>
    ['mean', 'cls', 'last'].flatMap((pooling) =>
      ['1', '3'].map((threads) => [...way, '--pooling', pooling, '--threads', threads, '--backend', 'cpu']),
    ),
  );
}

/** @returns what the program wrote to standard error */
function expectDone(
  program: string,
  args: readonly string[],
  env: Record<string, string>,
  input: string,
): string {
  // With too much address randomization, the thread sanitizer finds no room for its shadow memory.
  const steady = capture('setarch', ['-R', 'true']).ok ? ['setarch', '-R', program] : [program];
  const [command = program, ...before] = steady;
  const { status, signal, stderr } = spawnSync(command, [...before, ...args], {
    input,
    encoding: 'utf8',
    env: { ...process.env, ...SANITIZER_OPTIONS, ...env },
    maxBuffer: 1 << 28,
  });
  if (status === 0) return stderr;
  process.stderr.write(stderr);
  throw new ScriptError(`${program} ${args.join(' ')} ended with ${String(signal ?? status)}.`);
}

await runMain(() => {
  const asked = process.argv.slice(2);
  for (const name of asked.length > 0 ? asked : Object.keys(CHECKS)) {
    if (!(name in CHECKS)) throw new ScriptError(`there is no check "${name}".`);
    CHECKS[name as keyof typeof CHECKS]();
  }
});
