import { spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { availableParallelism, tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { parallelJobs } from '../../scripts/lib/build-native.mjs';
import { definitions } from '../../scripts/lib/build-options.mjs';
import { isInstalled } from '../../scripts/lib/dependencies.mjs';
import { summary } from '../../scripts/lib/test-summary.mjs';

let folder: string;
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'longembed-build-'));
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

describe('the environment’s build options', () => {
  it('are empty when nothing is set', () => {
    expect(definitions({})).toEqual([]);
  });

  it('become definitions for CMake', () => {
    const env = {
      LONGEMBED_CUDA: '1',
      LONGEMBED_METAL: 'off',
      LONGEMBED_RELEASE: 'yes',
      LONGEMBED_CMAKE_ARGS: '-DA=1 -DB:BOOL=ON',
    };
    expect(definitions(env)).toEqual([
      'GGML_CUDA=ON',
      'GGML_METAL=OFF',
      'LONGEMBED_RELEASE=ON',
      'A=1',
      'B:BOOL=ON',
    ]);
  });

  it('are refused by name when invalid', () => {
    expect(() => definitions({ LONGEMBED_VULKAN: 'maybe' })).toThrow(
      'LONGEMBED_VULKAN must be 1 or 0, not "maybe".',
    );
    expect(() => definitions({ LONGEMBED_CMAKE_ARGS: 'GGML_CUDA' })).toThrow(
      /like -DNAME=VALUE, not "GGML_CUDA"/,
    );
  });
});

describe('the native build', () => {
  it('runs as many compilers as CMake’s own variable says, else one for each core', () => {
    vi.stubEnv('CMAKE_BUILD_PARALLEL_LEVEL', '3');
    expect(parallelJobs()).toEqual(['--parallel', '3']);
    vi.stubEnv('CMAKE_BUILD_PARALLEL_LEVEL', '');
    expect(parallelJobs()).toEqual(['--parallel', String(availableParallelism())]);
    vi.unstubAllEnvs();
  });

  it('reports in one sentence that CMake is missing', () => {
    const args = ['scripts/build-native.mjs', '--out', join(folder, 'build')];
    const done = spawnSync(process.execPath, args, { env: { PATH: folder }, encoding: 'utf8' });
    expect(done.stderr.trim().split('\n')).toEqual([
      expect.stringMatching(/^longembed: CMake is missing: install it/),
    ]);
    expect(done.status).toBe(1);
  });
});

describe('isInstalled', () => {
  const locked = {
    '': {},
    'node_modules/a': { version: '1.0.0' },
    'node_modules/b': { version: '2.0.0', optional: true },
  };

  it('requires every package in its version, except other platforms’ packages', () => {
    expect(isInstalled(locked, { 'node_modules/a': { version: '1.0.0' } })).toBe(true);
    expect(isInstalled(locked, { 'node_modules/a': { version: '1.0.1' } })).toBe(false);
    expect(isInstalled(locked, {})).toBe(false);
    expect(isInstalled(locked, null)).toBe(false);
  });
});

describe('the summary of a test run', () => {
  const write = (report: object): string => {
    const file = join(folder, 'report.json');
    writeFileSync(file, JSON.stringify(report));
    return file;
  };
  const counts = {
    numPassedTests: 3,
    numFailedTests: 0,
    numPendingTests: 0,
    numTodoTests: 0,
    testResults: [],
  };

  it('is one plain line', () => {
    expect(summary(write(counts))).toEqual({ line: '3 passed, 0 failed', failed: false });
    expect(summary(write({ ...counts, numPendingTests: 2 })).line).toBe('3 passed, 0 failed, 2 skipped');
  });

  it('counts a file that does not load, and a run that wrote no report, as failed', () => {
    const broken = { ...counts, testResults: [{ status: 'failed', assertionResults: [] }] };
    expect(summary(write(broken))).toEqual({ line: '3 passed, 1 failed', failed: true });
    expect(summary(join(folder, 'none.json'))).toEqual({ line: '0 passed, 1 failed', failed: true });
  });
});
