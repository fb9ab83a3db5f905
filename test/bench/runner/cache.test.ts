import {
  closeSync,
  mkdirSync,
  openSync,
  readdirSync,
  readFileSync,
  rmSync,
  truncateSync,
  writeFileSync,
  writeSync,
} from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { decodeEntry, encodeEntry } from '../../../bench/runner/cache/entries.js';
import { defaultCacheFolder } from '../../../bench/runner/cache/folder.js';
import { keyOf } from '../../../bench/runner/cache/entries.js';
import { recordedSpeed, recordSpeed } from '../../../bench/runner/workload.js';
import { Store } from '../../../bench/runner/cache/store.js';
import { failure } from '../data/folder.js';
import { newFolder } from './world.js';

const MARKER = 'longembed-bench-cache.json';
const key = (i: number): Buffer => keyOf('embedding', i);
const value = (i: number): Buffer => Buffer.alloc(1000 + i, i);

async function storeOf(folder: string, entries: number): Promise<void> {
  const store = await Store.open(folder);
  for (let i = 0; i < entries; i++) store.put(key(i), value(i));
}

describe('Store', () => {
  it('keeps entries for the next process', async () => {
    // A dot in the name makes it no file.
    const folder = join(newFolder(), 'deep', 'v1.2');
    await storeOf(folder, 50);
    const store = await Store.open(folder);
    expect(store.has(key(49))).toBe(true);
    expect(store.has(key(50))).toBe(false);
    expect(store.get(key(50))).toBeNull();
    for (let i = 0; i < 50; i++) expect(store.get(key(i))).toEqual(value(i));
    store.put(key(0), value(7));
    expect(store.get(key(0))).toEqual(value(7));
  });

  it('shows entries of another process at once', async () => {
    const folder = newFolder();
    const [a, b] = await Promise.all([Store.open(folder), Store.open(folder)]);
    a.put(key(1), value(1));
    expect(b.get(key(1))).toEqual(value(1));
    b.put(key(2), value(2));
    expect(a.get(key(2))).toEqual(value(2));
  });

  it('leaves a cache of another format unchanged, and advises', async () => {
    const folder = newFolder();
    await storeOf(folder, 1);
    writeFileSync(join(folder, MARKER), '{"format":1}');
    const before = contents(folder);
    await expect(Store.open(folder)).rejects.toMatchObject(
      failure(
        'ERR_INVALID_OPTION',
        /has format 1, and this version of longembed uses format 2\. .*another --cache/,
      ),
    );
    expect(contents(folder)).toEqual(before);
  });

  it('refuses a folder that is not a cache', async () => {
    const folder = newFolder();
    writeFileSync(join(folder, 'thesis.txt'), 'ten years of work');
    await expect(Store.open(folder)).rejects.toMatchObject(
      failure('ERR_INVALID_OPTION', /is not empty and is not a longembed cache/),
    );
    expect(readdirSync(folder)).toEqual(['thesis.txt']);
  });

  it('reports a file in its place', async () => {
    const file = join(newFolder(), 'file');
    writeFileSync(file, '');
    for (const folder of [file, join(file, 'cache')]) {
      await expect(Store.open(folder)).rejects.toMatchObject(
        failure('ERR_INVALID_OPTION', /cannot be used: a file is in its place\. Give another --cache/),
      );
    }
  });

  it.each<[string, (folder: string) => void]>([
    ['a marker that is no JSON', (folder) => writeFileSync(join(folder, MARKER), 'form')],
    ['a file that is cut off', (folder) => truncateSync(fileOf(folder, 30), 500)],
    ['an empty file', (folder) => truncateSync(fileOf(folder, 30), 0)],
    ['a file of something else', (folder) => writeFileSync(fileOf(folder, 30), 'not an entry '.repeat(100))],
    ['bytes that are overwritten', (folder) => overwrite(fileOf(folder, 30), 4, 100)],
    [
      'a folder in the place of a file',
      (folder) => {
        rmSync(fileOf(folder, 30));
        mkdirSync(fileOf(folder, 30));
      },
    ],
  ])('refuses %s, without a crash', async (_what, damage) => {
    const folder = newFolder();
    await storeOf(folder, 60);
    damage(folder);
    const opened = Store.open(folder).then((store) => {
      for (let i = 0; i < 60; i++) store.get(key(i));
    });
    await expect(opened).rejects.toMatchObject(
      failure(
        'ERR_INVALID_OPTION',
        /^The cache in .* is damaged: .*Delete the folder, or give another --cache/,
      ),
    );
  });

  it('ignores incomplete files of a killed process', async () => {
    const folder = newFolder();
    await storeOf(folder, 1);
    writeFileSync(`${fileOf(folder, 0)}.0123abcd.partial`, 'half');
    const store = await Store.open(folder);
    expect(store.get(key(0))).toEqual(value(0));
    store.put(key(0), value(1));
    expect(store.get(key(0))).toEqual(value(1));
  });

  it('never returns bytes that were not stored', async () => {
    const folder = newFolder();
    await storeOf(folder, 8);
    overwrite(fileOf(folder, 7), 500, 1);
    const store = await Store.open(folder);
    expect(store.get(key(6))).toEqual(value(6));
    expect(() => store.get(key(7))).toThrow(/is damaged: an entry does not match its checksum/);
  });
});

/** The file of an entry. */
function fileOf(folder: string, i: number): string {
  const name = key(i).toString('hex');
  return join(folder, name.slice(0, 2), name.slice(2));
}

/** All files below a folder with their bytes. */
function contents(folder: string): [name: string, bytes: Buffer][] {
  return readdirSync(folder, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => [entry.name, readFileSync(join(entry.parentPath, entry.name))]);
}

function overwrite(file: string, position: number, bytes: number): void {
  const handle = openSync(file, 'r+');
  writeSync(handle, Buffer.alloc(bytes, 0xa5), 0, bytes, position);
  closeSync(handle);
}

describe('entries', () => {
  it('are read as they were written', () => {
    const entry = {
      vectors: [Float32Array.of(1, -0, 1e-40), Float32Array.of(3.4e38, 0.1, 7)],
      tokens: 4_000_000_000,
      windows: 64,
      truncated: true,
      seconds: 1 / 3,
    };
    expect(decodeEntry(encodeEntry(entry))).toEqual(entry);
    expect(decodeEntry(encodeEntry({ ...entry, truncated: false })).truncated).toBe(false);
  });

  it('of older versions have one vector', () => {
    const entry = { vectors: [Float32Array.of(1, 2)], tokens: 3, windows: 1, truncated: false, seconds: 1 };
    const bytes = encodeEntry(entry);
    bytes.writeUInt32LE(0, 20);
    expect(decodeEntry(bytes)).toEqual(entry);
  });
});

describe('speeds', () => {
  const runner = (threads: number) => ({ sha256: 'a', info: { device: 'CPU', threads } });

  it('are remembered per model, device and method; later ones count more', async () => {
    const store = await Store.open(newFolder());
    expect(recordedSpeed(store, runner(2), 'pcw')).toBeNull();
    recordSpeed(store, runner(2), 'pcw', { work: 100, seconds: 1 });
    expect(recordedSpeed(store, runner(2), 'pcw')).toBe(100);
    expect(recordedSpeed(store, runner(1), 'pcw')).toBeNull();
    expect(recordedSpeed(store, runner(2), 'se')).toBeNull();
    recordSpeed(store, runner(2), 'pcw', { work: 100, seconds: 4.5 });
    expect(recordedSpeed(store, runner(2), 'pcw')).toBe(150 / 5);
    // Nothing was computed: nothing is learned.
    recordSpeed(store, runner(2), 'pcw', { work: 0, seconds: 0 });
    expect(recordedSpeed(store, runner(2), 'pcw')).toBe(150 / 5);
  });
});

describe('defaultCacheFolder', () => {
  it("is LONGEMBED_CACHE, else in the user's cache folder", async () => {
    const before = process.env['LONGEMBED_CACHE'];
    try {
      process.env['LONGEMBED_CACHE'] = '/some/where';
      expect(await defaultCacheFolder()).toBe('/some/where');
      process.env['LONGEMBED_CACHE'] = '';
      expect(await defaultCacheFolder()).toMatch(/longembed.*bench$/);
    } finally {
      if (before === undefined) delete process.env['LONGEMBED_CACHE'];
      else process.env['LONGEMBED_CACHE'] = before;
    }
  });
});
