import { execFileSync } from 'node:child_process';
import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, beforeEach, describe, expect, it, vi } from 'vitest';
import { fetchLlama } from '../../scripts/lib/fetch-llama.mjs';
import { contentId, inspect, listContent, type Release } from '../../scripts/lib/llama-folder.mjs';
import { checkOutBundle } from '../../scripts/lib/llama-sources.mjs';

const FILES = {
  'CMakeLists.txt': 'project(llama)\n',
  'src/llama.cpp': 'int x;\n',
  'include/llama.h': '// h\n',
};

let temporary: string;
let bundle: string;
let upstream: string;
let release: Release;
let folder: string;

/** Stands for the download: a bundle made here in place of the npm package's. */
const unpack = (fresh: string, work: string): void => checkOutBundle(bundle, fresh, work, release);
const unreachable = (): string => 'nothing can be reached in a test';
const fetch = (force = false) => fetchLlama({ folder, release, force, submodule: unreachable, unpack });
const read = (path: string): string => readFileSync(join(folder, path), 'utf8');

function git(cwd: string, ...args: string[]): string {
  const identity = ['-c', 'user.name=test', '-c', 'user.email=test@example.org'];
  return execFileSync('git', [...identity, ...args], { cwd, encoding: 'utf8', stdio: 'pipe' }).trim();
}

beforeAll(() => {
  temporary = mkdtempSync(join(tmpdir(), 'longembed-fetch-'));
  upstream = join(temporary, 'upstream');
  for (const [path, text] of Object.entries(FILES)) {
    mkdirSync(join(upstream, path, '..'), { recursive: true });
    writeFileSync(join(upstream, path), text);
  }
  git(upstream, 'init', '--quiet');
  git(upstream, 'add', '.');
  git(upstream, 'commit', '--quiet', '--message', 'a release');
  bundle = join(temporary, 'release.bundle');
  git(upstream, 'bundle', 'create', '--quiet', bundle, 'HEAD');
  release = {
    release: 'v0',
    url: 'https://example.invalid/llama.git',
    commit: git(upstream, 'rev-parse', 'HEAD'),
    tree: git(upstream, 'rev-parse', 'HEAD^{tree}'),
    files: Object.keys(FILES).length,
    content: contentId(listContent(upstream)),
    package: { name: 'a-package', version: '1.0.0', integrity: '', bundle: '' },
  };
});

afterAll(() => rmSync(temporary, { recursive: true, force: true }));

beforeEach(() => {
  vi.spyOn(process.stderr, 'write').mockReturnValue(true);
  folder = join(mkdtempSync(join(temporary, 'case-')), 'vendor', 'llama.cpp');
});

describe('fetchLlama', () => {
  it('fills a missing folder, leaves no repository in it, and does nothing the second time', () => {
    expect(inspect(folder, release)).toBe('empty');
    expect(fetch()).toBe('package');
    expect(read('src/llama.cpp')).toBe(FILES['src/llama.cpp']);
    expect(existsSync(join(folder, '.git'))).toBe(false);
    expect(readdirSync(join(folder, '..'))).toEqual(['llama.cpp']);
    expect(fetch()).toBe('kept');
  });

  it('fills an empty folder, as a clone without its submodules has it', () => {
    mkdirSync(folder, { recursive: true });
    expect(fetch()).toBe('package');
    expect(inspect(folder, release)).toBe('right');
  });

  it('completes a folder with missing files', () => {
    fetch();
    rmSync(join(folder, 'src'), { recursive: true });
    expect(inspect(folder, release)).toBe('other');
    expect(fetch()).toBe('package');
    expect(inspect(folder, release)).toBe('right');
  });

  it('never overwrites changed or added files, unless forced', () => {
    fetch();
    writeFileSync(join(folder, 'src', 'llama.cpp'), 'int mine;\n');
    writeFileSync(join(folder, 'notes.txt'), 'mine\n');
    expect(() => fetch()).toThrow(/notes\.txt, src\/llama\.cpp.*--force.*LONGEMBED_LLAMA_DIR/);
    expect(read('src/llama.cpp')).toBe('int mine;\n');
    expect(fetch(true)).toBe('package');
    expect(existsSync(join(folder, 'notes.txt'))).toBe(false);
  });

  it('refuses a bundle that holds something else, and leaves nothing behind', () => {
    const other = { ...release, tree: '0'.repeat(40) };
    const options = { folder, release: other, submodule: unreachable };
    const unpackOther = (fresh: string, work: string): void => checkOutBundle(bundle, fresh, work, other);
    expect(() => fetchLlama({ ...options, unpack: unpackOther })).toThrow(
      /holds tree [0-9a-f]{40}, expected 0{40}/,
    );
    expect(readdirSync(join(folder, '..'))).toEqual([]);
  });

  it('refuses a package whose files differ from the release', () => {
    const unpackWrong = (fresh: string): void => {
      mkdirSync(fresh);
      writeFileSync(join(fresh, 'CMakeLists.txt'), 'something else');
    };
    const options = { folder, release, submodule: unreachable, unpack: unpackWrong };
    expect(() => fetchLlama(options)).toThrow(/not those of llama\.cpp v0/);
    expect(existsSync(folder)).toBe(false);
  });

  it('uses the submodule if git can fetch it', () => {
    const submodule = (): null => {
      git(temporary, 'clone', '--quiet', upstream, folder);
      return null;
    };
    expect(fetchLlama({ folder, release, submodule, unpack })).toBe('submodule');
    expect(fetch()).toBe('kept');
  });

  it('keeps a submodule with local changes, and repairs one with missing files', () => {
    git(temporary, 'clone', '--quiet', upstream, folder);
    writeFileSync(join(folder, 'CMakeLists.txt'), 'mine');
    expect(() => fetch()).toThrow(/CMakeLists\.txt/);
    git(folder, 'checkout', '--quiet', '.');
    rmSync(join(folder, 'CMakeLists.txt'));
    expect(fetch()).toBe('package');
    expect(inspect(folder, release)).toBe('right');
  });

  it('clears what an interrupted run left', () => {
    mkdirSync(join(folder, '..', '.incoming-abc', 'llama.cpp'), { recursive: true });
    fetch();
    expect(readdirSync(join(folder, '..'))).toEqual(['llama.cpp']);
  });
});
