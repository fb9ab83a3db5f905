/** What is published: the manifests of the packages, and what is checked of their binaries. */
import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, posix } from 'node:path';
import { execFileSync } from 'node:child_process';
import { runInNewContext } from 'node:vm';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { newestGlibc, oldestMacos } from '../../scripts/lib/binary-check.mjs';
import { addCommonJs } from '../../scripts/lib/commonjs.mjs';
import { checkInstalledSize, installedSize } from '../../scripts/lib/installed-size.mjs';
import { published } from '../../scripts/lib/main-package.mjs';
import { root } from '../../scripts/lib/paths.mjs';
import { npmCommand } from '../../scripts/lib/process.mjs';
import { chosenTargets, GPU_PACKAGES, TARGETS } from '../../scripts/lib/targets.mjs';
import { writeToolchain } from '../../scripts/lib/zig.mjs';

const manifest = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8')) as Record<string, unknown>;

let folder: string;
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'longembed-package-'));
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

describe('the published package.json', () => {
  const result = published(manifest);

  it('names every platform package in its own version, exactly', () => {
    const names = TARGETS.map(({ name }) => `@longembed/${name}`);
    expect(Object.keys(result['optionalDependencies'] as object)).toEqual(names);
    for (const version of Object.values(result['optionalDependencies'] as object))
      expect(version).toBe(manifest['version']);
  });

  it('takes a GPU package that was added in its own version only, and asks nobody for one', () => {
    const { peerDependencies, peerDependenciesMeta } = result as Record<string, Record<string, unknown>>;
    expect(GPU_PACKAGES).toContain('@longembed/linux-x64-cuda');
    for (const name of GPU_PACKAGES) {
      expect(peerDependencies?.[name]).toBe(manifest['version']);
      expect(peerDependenciesMeta?.[name]).toEqual({ optional: true });
    }
    expect(peerDependencies).toHaveProperty('bullmq');
  });

  it('has no script, nothing for developers, and nothing of what is bundled', () => {
    for (const field of ['scripts', 'devDependencies', 'private', 'allowScripts'])
      expect(result).not.toHaveProperty(field);
    const dependencies = Object.keys(result['dependencies'] as object);
    for (const bundled of ['zod', 'hono', '@hono/node-server', 'prom-client'])
      expect(dependencies).not.toContain(bundled);
    expect(dependencies).toContain('commander');
  });
});

describe('the files of the published package', () => {
  let files: string[];
  beforeAll(() => {
    const [npm, args] = npmCommand(['pack', '--dry-run', '--json', '--ignore-scripts']);
    const out = execFileSync(npm, args, { cwd: root, encoding: 'utf8', stdio: ['ignore', 'pipe', 'ignore'] });
    const [packed] = Object.values(JSON.parse(out) as Record<string, { files: { path: string }[] }>);
    files = (packed?.files ?? []).map(({ path }) => path);
  });

  it('are all that `longembed build` runs and includes, and no other script', () => {
    const entry = 'scripts/build-from-source.mjs';
    const scripts = new Set([entry]);
    for (const script of scripts) {
      const code = readFileSync(join(root, script), 'utf8');
      for (const [, path] of code.matchAll(/from '(\.[^']+)'/g))
        scripts.add(posix.join(posix.dirname(script), path ?? ''));
    }
    expect(files.filter((path) => path.startsWith('scripts/')).sort()).toEqual([...scripts].sort());

    const lists = new Set(['CMakeLists.txt']);
    for (const list of lists) {
      const code = readFileSync(join(root, list), 'utf8').replace(/^.*OPTIONAL.*$/gm, '');
      for (const [path] of code.matchAll(/\bcmake\/[\w-]+\.[\w.]+/g)) lists.add(path);
    }
    expect(files.filter((path) => /^cmake/i.test(path)).sort()).toEqual([...lists].sort());
  });

  it('have what `longembed demo` reads', () => {
    expect(files.filter((path) => path.startsWith('cli/')).sort()).toEqual([
      'cli/demo/README.md',
      'cli/demo/constitution.txt',
      'cli/demo/questions.json',
    ]);
  });

  it('of the native part are the sources of the addon, of core and for CUDA alone', () => {
    const folders = new Set(
      files.filter((path) => path.startsWith('native/')).map((path) => path.split('/')[1]),
    );
    expect([...folders].sort()).toEqual(['addon', 'core', 'cuda']);
  });
});

it('the repository’s package.json names no platform package, which npm ci would look for', () => {
  expect(manifest).not.toHaveProperty('optionalDependencies');
  expect(manifest['private']).toBe(true);
});

it('CommonJS gets declarations of its own, with all that they import', () => {
  mkdirSync(join(folder, 'lib', 'deep'), { recursive: true });
  writeFileSync(
    join(folder, 'lib', 'index.d.ts'),
    "export { a } from './deep/a.js';\nexport type B = import('./b.js').B;\n",
  );
  writeFileSync(
    join(folder, 'lib', 'deep', 'a.d.ts'),
    "import type { B } from '../b.js';\nexport declare const a: B;\n",
  );
  writeFileSync(join(folder, 'lib', 'b.d.ts'), "import 'node:fs';\nexport interface B { b: 1 }\n");
  const entry = { types: './lib/index.d.ts', default: './lib/index.js' };
  expect(addCommonJs(folder, { '.': entry, './package.json': './package.json' })).toEqual({
    '.': { import: entry, require: { types: './lib/index.d.cts', default: './lib/index.cjs' } },
    './package.json': './package.json',
  });
  const text = (name: string): string => readFileSync(join(folder, 'lib', name), 'utf8');
  expect(text('index.cjs')).toContain('module.exports = require("./index.js");\n');
  expect(text('index.d.cts')).toContain("from './deep/a.cjs'");
  expect(text('index.d.cts')).toContain("import('./b.cjs').B");
  expect(text('deep/a.d.cts')).toContain("from '../b.cjs'");
  expect(existsSync(join(folder, 'lib', 'b.d.cts'))).toBe(true);
});

it('require says what it needs where Node has no require of ES modules', () => {
  const module = { exports: {} };
  const fail = (code: string) => () => {
    throw Object.assign(new Error('as Node says it'), { code });
  };
  const load = (code: string): void => {
    const file = readFileSync(join(folder, 'lib', 'index.cjs'), 'utf8');
    runInNewContext(file, { module, require: fail(code), process: { version: 'v20.18.0' } });
  };
  expect(() => load('ERR_REQUIRE_ESM')).toThrow(
    `require('longembed') needs Node 20.19, 22.12 or newer, and this is v20.18.0: write "await import('longembed')" instead`,
  );
  expect(() => load('ERR_MODULE_NOT_FOUND')).toThrow('as Node says it');
});

it('the newest glibc that a file needs is read from its symbols’ versions', () => {
  const symbols = (text: string): Buffer => Buffer.from(`\0\x7f${text.split(' ').join('\0')}\0`, 'latin1');
  expect(newestGlibc(symbols('GLIBC_2.2.5 GLIBC_2.28 GLIBC_2.9 GLIBCXX_3.4.30'))).toBe('2.28');
  expect(newestGlibc(symbols('nothing'))).toBeNull();
});

it('the oldest macOS that a file is for is read from its load commands', () => {
  const words = (...numbers: number[]): Buffer => Buffer.from(Uint32Array.from(numbers).buffer);
  const header = (commands: number): Buffer => words(0xfeedfacf, 0x0100000c, 0, 6, commands, 0, 0, 0);
  const other = words(0x1d, 16, 0, 0);
  const build = words(0x32, 24, 1, 11 << 16, 0, 0);
  expect(oldestMacos(Buffer.concat([header(2), other, build]))).toBe('11.0');
  expect(oldestMacos(Buffer.concat([header(1), words(0x24, 16, (10 << 16) | (15 << 8), 0)]))).toBe('10.15');
  expect(oldestMacos(Buffer.concat([header(1), other]))).toBeNull();
  expect(oldestMacos(Buffer.alloc(0))).toBeNull();
});

it.skipIf(process.platform === 'win32')('flags of GCC and Clang reach Zig in its own form', () => {
  const target = TARGETS.find(({ name }) => name === 'darwin-arm64');
  writeToolchain(join(folder, 'tools'), 'echo', target ?? expect.fail());
  const seen = (...flags: string[]): string =>
    execFileSync(join(folder, 'tools', 'c++'), flags, { encoding: 'utf8' }).trim();
  const start = 'c++ -target aarch64-macos.11.0 -fno-sanitize=undefined';
  expect(seen('-O3', '-march=armv8.2-a+dotprod+fp16', 'a b.o')).toBe(
    `${start} -O3 -mcpu=generic+v8_2a+dotprod+fullfp16 a b.o`,
  );
  expect(seen('-march=armv9.2-a+i8mm+nosve')).toBe(`${start} -mcpu=generic+v8_7a+i8mm`);
  const beside = '-Wl,-rpath,@loader_path';
  expect(seen('-bundle', 'a.o')).toBe(`${start} -dynamiclib ${beside} a.o`);
  expect(seen('-install_name', '/build here/libggml.dylib', 'a.o')).toBe(
    `${start} ${beside} -install_name @rpath/libggml.dylib a.o`,
  );
});

it('targets are chosen by name', () => {
  expect(chosenTargets([])).toEqual(TARGETS);
  expect(chosenTargets(['win32-x64']).map(({ triple }) => triple)).toEqual(['x86_64-windows-gnu']);
  expect(() => chosenTargets(['win32-x86'])).toThrow('win32-x86 is no target: the targets are linux-x64,');
});

it('an installation’s size is that of its packages, and too much of it is an error', () => {
  const modules = join(folder, 'node_modules');
  for (const name of ['a', 'a/node_modules/b', '@longembed/linux-x64', '@scope/c']) {
    mkdirSync(join(modules, name, 'lib'), { recursive: true });
    writeFileSync(join(modules, name, 'package.json'), '{}');
    // no package: a module's marker
    writeFileSync(join(modules, name, 'lib', 'package.json'), '{}');
  }
  writeFileSync(join(modules, '@longembed', 'linux-x64', 'binary'), Buffer.alloc(100));
  const size = installedSize(modules);
  expect(size).toEqual({ packages: 4, bytes: 116, portableBytes: 12 });
  expect(checkInstalledSize(size)).toBe('4 packages, 0.0 MB');
  expect(() => checkInstalledSize({ ...size, packages: 41 })).toThrow('41 packages are installed');
  expect(() => checkInstalledSize({ ...size, bytes: 46e6 })).toThrow(
    '46.0 MB are installed, more than 45.0 MB',
  );
  expect(() => checkInstalledSize({ ...size, portableBytes: 23e6 })).toThrow('besides the native part');
});
