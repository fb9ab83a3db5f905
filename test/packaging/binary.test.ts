/** Where the addon is looked for, and what is said when it is not there. */
import {
  chmodSync,
  copyFileSync,
  cpSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  realpathSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { spawnSync } from 'node:child_process';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { missingBinary } from '../../lib/native/binary.js';
import { platformPackages, thisTarget, usesMusl } from '../../lib/native/platform.js';
import { packageVersion } from '../../lib/package.js';
import { root } from '../../scripts/lib/paths.mjs';
import { TARGETS, thisTarget as buildTarget } from '../../scripts/lib/targets.mjs';

const built = join(root, 'build', 'Release', 'longembed.node');

/** A folder with an installed longembed, as npm lays it out, without a binary. */
let app: string;
let installed: string;

beforeAll(() => {
  app = realpathSync(mkdtempSync(join(tmpdir(), 'longembed-binary-')));
  installed = join(app, 'node_modules', 'longembed');
  mkdirSync(installed, { recursive: true });
  cpSync(join(root, 'dist', 'lib'), join(installed, 'dist', 'lib'), { recursive: true });
  copyFileSync(join(root, 'package.json'), join(installed, 'package.json'));
});
afterAll(() => rmSync(app, { recursive: true, force: true }));
beforeEach(() => {
  rmSync(join(app, 'node_modules', '@longembed'), { recursive: true, force: true });
  rmSync(join(installed, 'build'), { recursive: true, force: true });
});

/** Loads the addon of the installed package in a process of its own. @returns its file, or the error */
function load(environment: Record<string, string> = {}): string {
  const addon = join(installed, 'dist', 'lib', 'native', 'addon.js');
  const code =
    `import { addon } from ${JSON.stringify(addon)};` +
    `try { addon(); console.log(Object.keys(process.report.getReport().sharedObjects).length && ` +
    `process.report.getReport().sharedObjects.filter((file) => file.endsWith('.node')).join()); } ` +
    `catch (error) { console.log(error.code + ' ' + error.message); }`;
  const done = spawnSync(process.execPath, ['--input-type=module', '-e', code], {
    encoding: 'utf8',
    cwd: app,
    env: { PATH: process.env['PATH'] ?? '', ...environment },
  });
  return done.stdout.trim() || done.stderr;
}

/** Puts a file where a package's `main` points. */
function addPackage(name: string, file: string, version = packageVersion()): string {
  const folder = join(app, 'node_modules', name);
  mkdirSync(folder, { recursive: true });
  writeFileSync(join(folder, 'package.json'), JSON.stringify({ name, version, main: 'longembed.node' }));
  copyFileSync(file, join(folder, 'longembed.node'));
  return join(folder, 'longembed.node');
}

function addBuild(file: string): string {
  const copy = join(installed, 'build', 'Release', 'longembed.node');
  mkdirSync(join(copy, '..'), { recursive: true });
  copyFileSync(file, copy);
  return copy;
}

describe.skipIf(!existsSync(built))('the addon', () => {
  const target = thisTarget();

  it('is the platform package’s', () => {
    const file = addPackage(`@longembed/${target}`, built);
    expect(load()).toBe(file);
  });

  it('is the GPU package’s, where one was added', () => {
    addPackage(`@longembed/${target}`, built);
    const file = addPackage(`@longembed/${target}-cuda`, built);
    expect(load()).toBe(file);
  });

  it('of a package with another version than longembed’s is not loaded, but an error with one command', () => {
    addPackage(`@longembed/${target}`, built);
    const name = `@longembed/${target}-cuda`;
    addPackage(name, built, '0.0.1');
    expect(load()).toBe(
      `ERR_BACKEND The native part of longembed is of another version: ${name} is 0.0.1, and longembed ${packageVersion()}. ` +
        `Run "npm i ${name}@${packageVersion()}".`,
    );
    expect(load({ LONGEMBED_BINARY: built })).toBe(built);
  });

  it('is rather a build from source', () => {
    addPackage(`@longembed/${target}`, built);
    const file = addBuild(built);
    expect(load()).toBe(file);
  });

  it('is before all the one that LONGEMBED_BINARY names, a file or a folder, from any working folder', () => {
    addBuild(built);
    const folder = join(app, 'näme mit Leerzeichen');
    mkdirSync(folder, { recursive: true });
    const file = join(folder, 'longembed.node');
    copyFileSync(built, file);
    expect(load({ LONGEMBED_BINARY: file })).toBe(file);
    expect(load({ LONGEMBED_BINARY: folder })).toBe(file);
    expect(load({ LONGEMBED_BINARY: 'näme mit Leerzeichen' })).toBe(file);
  });

  it('that LONGEMBED_BINARY names is an error when it is not there, whatever else is', () => {
    addBuild(built);
    const file = join(app, 'nowhere.node');
    expect(load({ LONGEMBED_BINARY: file })).toBe(
      `ERR_BACKEND The variable LONGEMBED_BINARY names ${file}, which does not exist.`,
    );
  });

  it('is an error with one command when the platform package was left out', () => {
    expect(load()).toMatch(/^ERR_BACKEND The native part of longembed was not found for /);
    expect(load()).toContain(`the package @longembed/${target} is not installed`);
    expect(load()).toContain(
      `Run "npm i --save-optional --include=optional @longembed/${target}@${packageVersion()}".`,
    );
  });

  it('is an error that tells to build when it does not load', () => {
    const broken = join(app, 'broken.node');
    writeFileSync(broken, 'no library');
    addPackage(`@longembed/${target}`, broken);
    expect(load()).toMatch(/^ERR_BACKEND .*could not be loaded.*Run "npx longembed build"/s);
    addBuild(broken);
    expect(load()).toMatch(
      /^ERR_BACKEND .*build.Release.longembed\.node, could not be loaded.*"npx longembed build"/s,
    );
  });
});

describe('a missing binary', () => {
  it('in a bundle is about the bundler', () => {
    expect(missingBinary(tmpdir())).toContain('Mark longembed as external');
  });

  it('in a clone of the repository is about building', () => {
    expect(missingBinary(root)).toContain('Run "npm run build".');
  });
});

describe('the platform', () => {
  it('is named as the package that is built for it', () => {
    expect(thisTarget()).toBe(buildTarget()?.name);
    expect(platformPackages().at(-1)).toBe(`@longembed/${buildTarget()?.name}`);
  });

  it('of every target that is built has a package that is looked for', () => {
    const source = TARGETS.map(
      ({ platform, arch, libc }) => `${platform}${libc === 'musl' ? 'musl' : ''}-${arch}`,
    );
    expect(TARGETS.map(({ name }) => name)).toEqual(source);
  });

  it('on Linux is told by the loader that the program names', () => {
    const folder = mkdtempSync(join(tmpdir(), 'longembed-elf-'));
    try {
      const program = (loader: string): string => {
        const file = join(folder, 'program');
        writeFileSync(file, elf(loader));
        chmodSync(file, 0o755);
        return file;
      };
      expect(usesMusl(program('/lib/ld-musl-x86_64.so.1'))).toBe(true);
      expect(usesMusl(program('/lib64/ld-linux-x86-64.so.2'))).toBe(false);
      // where patchelf puts it, as in the Node of PyPI's wheels
      writeFileSync(join(folder, 'patched'), elf('/lib/ld-musl-x86_64.so.1', 100_000));
      expect(usesMusl(join(folder, 'patched'))).toBe(true);
      writeFileSync(join(folder, 'text'), 'ld-musl-x86_64.so.1');
      expect(usesMusl(join(folder, 'text'))).toBe(false);
      expect(usesMusl(join(folder, 'nothing'))).toBe(false);
    } finally {
      rmSync(folder, { recursive: true, force: true });
    }
  });
});

/** A 64-bit ELF file with two program headers, of which the second names a loader. @param gap bytes before the name */
function elf(loader: string, gap = 0): Buffer {
  const [header, entry, count] = [64, 56, 2];
  const name = header + entry * count + gap;
  const file = Buffer.alloc(name + loader.length + 1);
  file.write('\x7fELF\x02\x01\x01', 'latin1');
  file.writeBigUInt64LE(BigInt(header), 32);
  file.writeUInt16LE(entry, 54);
  file.writeUInt16LE(count, 56);
  file.writeUInt32LE(6, header);
  file.writeUInt32LE(3, header + entry);
  file.writeBigUInt64LE(BigInt(name), header + entry + 8);
  file.writeBigUInt64LE(BigInt(loader.length + 1), header + entry + 32);
  file.write(`${loader}\0`, name, 'latin1');
  return file;
}
