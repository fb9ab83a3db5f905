/**
 * The unit tests of native/core, which are a program: the CPU kernels of each variant at odd shapes against double precision, and
 * the placement of layers on GPUs.
 */
import { spawnSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';

const program = fileURLToPath(new URL('../build/longembed-test', import.meta.url));
const run = spawnSync(program, { encoding: 'utf8' });

/** Lines "ok PART: NAME", "fail PART: NAME: REASON" or "skip PART: NAME: REASON"; a part is a kernel variant or something of core. */
const results = [
  ...(run.error === undefined ? run.stdout : '').matchAll(/^(ok|skip|fail) (\S+): (.*)$/gm),
].map(([, outcome = '', part = '', text = '']) => ({ outcome, part, text }));
const parts = [...new Set(results.map(({ part }) => part))];

it('runs to its end', () => {
  expect(run.error).toBeUndefined();
  expect(run.stderr).toBe('');
  expect(run.signal).toBeNull();
  expect(run.status).toBe(results.some(({ outcome }) => outcome === 'fail') ? 1 : 0);
  expect(parts).toEqual(expect.arrayContaining(['portable', 'placement']));
});

describe.each(parts)('%s', (part) => {
  it.for(results.filter((result) => result.part === part))('$text', ({ outcome, text }, ctx) => {
    if (outcome === 'skip') ctx.skip(text);
    expect(outcome, text).toBe('ok');
  });
});

it.runIf(process.arch === 'x64' && process.platform !== 'win32')(
  "compiles none of ggml's AMX code, whatever processor it is tuned for",
  () => {
    const commands = JSON.parse(
      readFileSync(new URL('../build/compile_commands.json', import.meta.url), 'utf8'),
    ) as { file: string; command: string }[];
    const cpu = commands.filter(({ file }) => file.includes('/ggml-cpu/'));
    expect(cpu.length).toBeGreaterThan(10);
    for (const { file, command } of cpu) {
      // a later -march would switch it on again
      expect(command.lastIndexOf('-mno-amx-int8'), file).toBeGreaterThan(command.lastIndexOf('-march='));
      expect(command.lastIndexOf('-mno-amx-tile'), file).toBeGreaterThan(command.lastIndexOf('-march='));
    }
  },
);
