/** What the speed benchmark does before it measures anything. */
import { execFileSync, spawnSync } from 'node:child_process';
import { copyFileSync, mkdirSync, mkdtempSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterEach, describe, expect, it, vi } from 'vitest';
import { installNodeLlamaCpp, pythonEnvironment } from '../../../bench/speed/python-and-node.js';
import { HELP } from '../../../bench/speed/options.js';

const ROOT = fileURLToPath(new URL('../../..', import.meta.url));

vi.mock('env-paths', () => {
  throw new Error('uv_os_homedir returned ENOENT');
});

/** A clone in which nothing can be built: a build that begins fails the command. */
function unbuildable(): string {
  const folder = mkdtempSync(join(tmpdir(), 'longembed-speed-'));
  copyFileSync(join(ROOT, 'package.json'), join(folder, 'package.json'));
  for (const name of ['bench', 'lib', 'models', 'node_modules']) {
    symlinkSync(join(ROOT, name), join(folder, name), 'junction');
  }
  mkdirSync(join(folder, 'scripts'));
  writeFileSync(join(folder, 'scripts', 'build.mjs'), 'process.exit(9);\n');
  return folder;
}

describe('npm run bench:speed', () => {
  const npm = process.platform === 'win32' ? 'npm.cmd' : 'npm';
  const command = ['run', '--silent', 'bench:speed', '--'];
  const options = { cwd: unbuildable(), encoding: 'utf8', shell: process.platform === 'win32' } as const;

  it('prints its help without building', () => {
    expect(execFileSync(npm, [...command, '--help'], options)).toBe(HELP);
  });

  it('refuses an option without building', () => {
    const { status, stdout, stderr } = spawnSync(npm, [...command, '--rounds', '0'], options);
    expect([status, stdout, stderr]).toEqual([
      2,
      '',
      `--rounds must be a whole number from 1, not 0\n\n${HELP}\n`,
    ]);
  });
});

describe('for a user without a home folder', () => {
  afterEach(() => {
    vi.unstubAllEnvs();
  });

  it('the other engines say what to do', async () => {
    const message =
      'This user has no home folder for the other engines: set HOME to one, or leave them out with --engines.';
    vi.stubEnv('LONGEMBED_SPEED_PYTHON', '');
    await expect(installNodeLlamaCpp()).rejects.toMatchObject({ code: 'ERR_INVALID_OPTION', message });
    await expect(pythonEnvironment()).rejects.toMatchObject({ code: 'ERR_INVALID_OPTION', message });
  });

  it('a Python that is named needs none', async () => {
    vi.stubEnv('LONGEMBED_SPEED_PYTHON', 'python3.14');
    await expect(pythonEnvironment()).resolves.toBe('python3.14');
  });
});
