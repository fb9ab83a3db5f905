/** `longembed extend`, on real files. */
import { spawnSync } from 'node:child_process';
import { existsSync, mkdtempSync, readdirSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { expect, it } from 'vitest';
import { Interrupted } from '../../cli/exit.js';
import { EmbeddingModel } from '../../lib/index.js';
import { modelPath } from '../../models/random/cached.js';
import { longembed } from './world.js';

const folder = mkdtempSync(join(tmpdir(), 'longembed-cli-extend-'));
const input = modelPath('bert');

it('writes the file, and notes the differences', async () => {
  const output = join(folder, 'pi.gguf');
  const { code, stdout, stderr } = await longembed(['extend', input, '--extend', 'pi:512', '-o', output]);
  expect({ code, stdout }).toEqual({ code: 0, stdout: '' });
  const lines = stderr.trimEnd().split('\n');
  expect(lines.slice(0, -1)).toEqual([
    expect.stringMatching(
      /^longembed: note: Texts of up to 64 tokens, .* come out differently from longembed's own pi/,
    ),
    expect.stringMatching(/^longembed: note: Attention scaling, .* is not in the file/),
    expect.stringMatching(
      /^longembed: note: The vectors are those of longembed's pi:512,s=8,attention-scale=off on the original, for texts of 65 to 512 tokens\. Pooling, /,
    ),
  ]);
  expect(lines.at(-1)).toBe(
    `longembed: wrote ${output}, 1.0 MB: bert, 512 tokens instead of the native 64 (from the file)`,
  );
  await using model = await EmbeddingModel.load(output, { backend: 'cpu' });
  expect(model.info).toMatchObject({ nativeContext: 512, extended: { nativeContext: 64 } });
});

it('accepts a native context, and replaces a file when forced', async () => {
  const output = join(folder, 'rp.gguf');
  const args = ['extend', input, '--extend', 'rp:1k', '-o', output, '--native-context', '32'];
  expect((await longembed([...args, '-q'])).stderr).not.toContain('wrote');
  expect(await longembed(args)).toMatchObject({
    code: 2,
    stderr: `longembed: ERR_INVALID_OPTION: The output ${output} exists: name another, or allow replacing it (overwrite, --force).\n`,
  });
  const { code, stderr } = await longembed([...args, '--force']);
  expect(code).toBe(0);
  expect(stderr).toContain('1,024 tokens instead of the native 32 (from the option)');
});

it('reports errors', async () => {
  const output = join(folder, 'never.gguf');
  for (const [args, message] of [
    [['--extend', 'pi:512'], "required option '-o, --output <file>' not specified"],
    [['-o', output], "required option '--extend <spec>' not specified"],
    [['--extend', 'xp', '-o', output], 'Unknown strategy "xp"'],
    [['--extend', 'se:512', '-o', output], 'ERR_STRATEGY_UNSUPPORTED: This model does not support se'],
    [['--extend', 'pi:512', '-o', join(folder, 'no', 'x')], 'ERR_INVALID_OPTION: Cannot write to'],
    [['--extend', 'pi:512', '-o', output, '--native-context', '1'], 'whole number from 2'],
  ] as const) {
    const { code, stderr } = await longembed(['extend', input, ...args]);
    expect(code).toBe(2);
    expect(stderr).toContain(message);
  }
  expect(existsSync(output)).toBe(false);
});

it('ends quietly when it is interrupted', async () => {
  const output = join(folder, 'interrupted.gguf');
  const before = readdirSync(folder);
  const outcome = await longembed(['extend', input, '--extend', 'rp', '-o', output], {
    signal: AbortSignal.abort(new Interrupted('SIGINT')),
  });
  expect(outcome).toMatchObject({ code: 130, stderr: 'longembed: interrupted (SIGINT)\n' });
  expect(readdirSync(folder)).toEqual(before);
});

it.skipIf(process.platform !== 'linux')(
  'leaves nothing behind when the disk takes no more (on Linux, by its file size limit)',
  () => {
    const before = readdirSync(folder);
    const main = fileURLToPath(new URL('../../cli/main.ts', import.meta.url));
    const output = join(folder, 'too-large.gguf');
    // The shell's limit is in KiB, the file is of 1 MB: the system fails a write in the middle.
    const { status, stderr } = spawnSync(
      'bash',
      [
        '-c',
        'ulimit -f 500; exec "$@"',
        '-',
        process.execPath,
        '--import',
        'tsx',
        main,
        'extend',
        input,
      ].concat(['--extend', 'rp:512', '-o', output]),
      { encoding: 'utf8' },
    );
    expect(stderr).toBe(
      `longembed: ERR_INVALID_OPTION: Cannot write to ${output}: it is larger than a file may be.\n`,
    );
    expect(status).toBe(2);
    expect(readdirSync(folder)).toEqual(before);
  },
);
