/** Files that appear whole or not at all, and what they must not replace. */
import { execFileSync } from 'node:child_process';
import {
  existsSync,
  lstatSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { AtomicFile, removeAbandoned, writeFileAtomically } from '../../lib/atomic-file.js';
import { ChunkIndex } from '../../lib/index.js';

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'longembed-atomic-'));
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));
const at = (name: string): string => join(folder, name);

/** Why this user cannot make a device; null: it can. */
const noDevices = ((): string | null => {
  const place = mkdtempSync(join(tmpdir(), 'longembed-device-'));
  try {
    execFileSync('mknod', [join(place, 'null'), 'c', '1', '3'], { stdio: 'ignore' });
    return null;
  } catch {
    return ' (skipped: mknod is not allowed)';
  } finally {
    rmSync(place, { recursive: true, force: true });
  }
})();

it('that may not replace what comes into its place leaves both', async () => {
  const file = await AtomicFile.create(at('out'), { replaces: false });
  await file.write('ours');
  writeFileSync(at('out'), 'of another run');
  await expect(file.commit()).rejects.toMatchObject({
    code: 'ERR_INVALID_OPTION',
    message: expect.stringMatching(/another run has written it .* is in .*\.partial\.$/) as string,
  });
  await file.abandon();
  const contents = readdirSync(folder).map((name) => readFileSync(at(name), 'utf8'));
  expect(contents.sort()).toEqual(['of another run', 'ours']);
});

describe('what no file is', () => {
  const refused = {
    code: 'ERR_INVALID_OPTION',
    message: expect.stringContaining('not a regular file') as string,
  };

  it.skipIf(process.platform === 'win32')('a pipe is refused and stays (not on Windows)', async () => {
    execFileSync('mkfifo', [at('pipe')]);
    symlinkSync('pipe', at('link'));
    await expect(writeFileAtomically(at('pipe'), 'x')).rejects.toMatchObject(refused);
    await expect(writeFileAtomically(at('link'), 'x')).rejects.toMatchObject(refused);
    await expect(new ChunkIndex().save(at('pipe'))).rejects.toMatchObject(refused);
    expect(lstatSync(at('pipe')).isFIFO()).toBe(true);
    expect(readdirSync(folder).sort()).toEqual(['link', 'pipe']);
  });

  it.skipIf(noDevices !== null)(`a device is refused and stays${noDevices ?? ''}`, async () => {
    execFileSync('mknod', [at('device'), 'c', '1', '3']);
    await expect(writeFileAtomically(at('device'), 'x')).rejects.toMatchObject(refused);
    expect(lstatSync(at('device')).isCharacterDevice()).toBe(true);
  });

  it('a folder is refused before anything is written', async () => {
    mkdirSync(at('sub'));
    await expect(AtomicFile.create(at('sub'))).rejects.toThrow(/is a directory; name a file in it/);
    expect(readdirSync(folder)).toEqual(['sub']);
  });
});

describe.skipIf(process.platform === 'win32')('links (not on Windows, where few users may make them)', () => {
  it('to a file that is not there yet lead to it', async () => {
    mkdirSync(at('sub'));
    mkdirSync(at('deep'));
    mkdirSync(at('deep/er'));
    symlinkSync('deep/er', at('door'));
    // Read from the link's own folder, which is deep/er: deep/target.
    symlinkSync('../target', at('deep/er/second'));
    symlinkSync(at('door/second'), at('sub/first'));
    await writeFileAtomically(at('sub/first'), 'content');
    expect(readFileSync(at('deep/target'), 'utf8')).toBe('content');
    for (const link of ['sub/first', 'deep/er/second']) {
      expect(lstatSync(at(link)).isSymbolicLink()).toBe(true);
    }
    expect(readdirSync(at('sub'))).toEqual(['first']);
  });

  it('that lead to themselves are refused and stay', async () => {
    symlinkSync('b', at('a'));
    symlinkSync('a', at('b'));
    await expect(writeFileAtomically(at('a'), 'content')).rejects.toMatchObject({
      code: 'ERR_INVALID_OPTION',
    });
    expect(lstatSync(at('a')).isSymbolicLink()).toBe(true);
    expect(readdirSync(folder).sort()).toEqual(['a', 'b']);
  });
});

it('removes what killed processes left of some files, and nothing else', async () => {
  const kept = [
    'part-1.jsonl',
    'part-10.jsonl.0123abcd.partial',
    'part-1.jsonl.partial',
    'part-1.lock.0123abcd',
  ];
  const gone = ['part-1.jsonl.0123abcd.partial', 'part-1.npy.jsonl.ffffffff.partial'];
  for (const name of [...kept, ...gone]) writeFileSync(at(name), '');
  await removeAbandoned(folder, (name) => name.startsWith('part-1.'));
  expect(readdirSync(folder).sort()).toEqual(kept.sort());
  await removeAbandoned(at('none'), () => true);
  expect(existsSync(at('none'))).toBe(false);
});
