import { execFileSync } from 'node:child_process';
import { existsSync, mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import envPaths from 'env-paths';

export const ROOT = fileURLToPath(new URL('../..', import.meta.url));
const BUILD = join(ROOT, 'build-speed');

/** The version of node-llama-cpp that contains our release of llama.cpp. */
const NODE_LLAMA_CPP = '3.22.1';

/** Builds llama.cpp as upstream does, and the programs of native/, if anything has changed. */
export function buildTools(): void {
  if (!existsSync(join(BUILD, 'CMakeCache.txt'))) {
    const llama = join(ROOT, 'vendor', 'llama.cpp');
    const source = join(ROOT, 'bench', 'speed', 'native');
    run('cmake', [
      ...['-S', source, '-B', BUILD, '-DCMAKE_BUILD_TYPE=Release'],
      `-DLONGEMBED_LLAMA_DIR=${llama}`,
    ]);
  }
  run('cmake', ['--build', BUILD, '--parallel']);
}

export function tool(name: 'llama-cpp' | 'quantize'): string {
  return join(BUILD, 'bin', `speed-${name}`);
}

export function quantize(from: string, to: string, type: string): void {
  execFileSync(tool('quantize'), [from, to, type], { stdio: 'pipe' });
}

/**
 * The machine's peak arithmetic rate (`peak`) and the rates of longembed's kernels by name, in GFLOPS, as measured by
 * native/program/kernels.cpp.
 */
export function measureKernels(threads: number): Record<string, number> {
  const program = join(ROOT, 'build', 'longembed-kernels');
  const output = execFileSync(program, ['--threads', String(threads)], { encoding: 'utf8' });
  const rates: Record<string, number> = {};
  for (const [, name = '', rate] of output.matchAll(/^(.+?) +([\d.]+) GFLOPS/gm)) rates[name] = Number(rate);
  return rates;
}

/**
 * Installs node-llama-cpp in the user's cache if it is missing: the package and its binaries for this machine's CPU,
 * without those for GPUs, which take a gigabyte.
 * @returns the folder
 */
export function installNodeLlamaCpp(): string {
  const folder = join(
    envPaths('longembed', { suffix: '' }).cache,
    'speed',
    `node-llama-cpp-${NODE_LLAMA_CPP}`,
  );
  if (existsSync(join(folder, 'node_modules', 'node-llama-cpp'))) return folder;
  const platform = { linux: 'linux', darwin: 'mac', win32: 'win' }[process.platform as string] ?? 'linux';
  const binaries = `@node-llama-cpp/${platform}-${process.arch}${platform === 'mac' && process.arch === 'arm64' ? '-metal' : ''}`;
  mkdirSync(folder, { recursive: true });
  const dependencies = { 'node-llama-cpp': NODE_LLAMA_CPP, [binaries]: NODE_LLAMA_CPP };
  writeFileSync(join(folder, 'package.json'), JSON.stringify({ private: true, dependencies }));
  const npm = process.platform === 'win32' ? 'npm.cmd' : 'npm';
  execFileSync(npm, ['install', '--omit=optional', '--ignore-scripts', '--no-audit', '--no-fund'], {
    cwd: folder,
    stdio: ['ignore', 'ignore', 'inherit'],
  });
  return folder;
}

function run(program: string, args: string[]): void {
  execFileSync(program, args, { stdio: ['ignore', 'ignore', 'inherit'] });
}
