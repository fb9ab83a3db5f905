import { execFileSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, readFileSync, rmSync, statSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { makeFolders } from '../../lib/folders.js';

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'longembed-folders-'));
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

it('makes a folder and those above it, several times at once, and keeps what is there', async () => {
  const path = join(folder, 'a', 'b', 'c');
  await Promise.all(Array.from({ length: 8 }, () => makeFolders(path)));
  writeFileSync(join(path, 'file'), 'content');
  await makeFolders(`${path}/`);
  await makeFolders('.');
  expect(readFileSync(join(path, 'file'), 'utf8')).toBe('content');
});

it.skipIf(process.platform === 'win32')('goes through links to folders (not on Windows)', async () => {
  mkdirSync(join(folder, 'real'));
  symlinkSync('real', join(folder, 'link'));
  await makeFolders(join(folder, 'link'));
  await makeFolders(join(folder, 'link', 'sub'));
  expect(statSync(join(folder, 'real', 'sub')).isDirectory()).toBe(true);
});

it('says that a file is in the way', async () => {
  writeFileSync(join(folder, 'file'), '');
  await expect(makeFolders(join(folder, 'file'))).rejects.toMatchObject({ code: 'EEXIST' });
  for (const below of ['a', 'a/b']) {
    await expect(makeFolders(join(folder, 'file', below))).rejects.toMatchObject({
      code: expect.stringMatching(/^(ENOTDIR|EEXIST|ENOENT)$/) as string,
    });
  }
});

it.skipIf(process.platform !== 'linux')(
  'ends where a file system makes no folders (on Linux, by its /proc)',
  () => {
    // In a process that can be killed: a loop in a system call would end no other way.
    const module = new URL('../../lib/folders.ts', import.meta.url).href;
    const script =
      `const { makeFolders } = await import(${JSON.stringify(module)});` +
      `for (const path of ['/proc/longembed', '/proc/longembed/a/b'])` +
      `  await makeFolders(path).catch(({ code }) => console.log(code));`;
    const said = execFileSync(
      process.execPath,
      ['--import', 'tsx', '--input-type=module', '--eval', script],
      { timeout: 20_000, killSignal: 'SIGKILL', encoding: 'utf8' },
    );
    expect(said).toMatch(/^(ENOENT|EACCES|EPERM)\n(ENOENT|EACCES|EPERM)\n$/);
  },
);
