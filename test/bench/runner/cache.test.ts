import {
  closeSync,
  openSync,
  readdirSync,
  readFileSync,
  truncateSync,
  writeFileSync,
  writeSync,
} from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { decodeEntry, encodeEntry } from '../../../bench/runner/cache/entry.js';
import { defaultCacheFolder } from '../../../bench/runner/cache/folder.js';
import { keyOf } from '../../../bench/runner/cache/keys.js';
import { recordedSpeed, recordSpeed } from '../../../bench/runner/cache/speeds.js';
import { Store } from '../../../bench/runner/cache/store.js';
import { failure } from '../data/folder.js';
import { newFolder } from './world.js';

const MARKER = 'longembed-bench-cache.json';
const key = (i: number): Buffer => keyOf('embedding', i);
const value = (i: number): Buffer => Buffer.alloc(1000 + i, i);

async function storeOf(folder: string, entries: number): Promise<void> {
  const store = await Store.open(folder);
  for (let i = 0; i < entries; i++) store.put(key(i), value(i));
  await store.close();
}

describe('Store', () => {
  it('keeps what was put, for whoever opens it next', async () => {
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
    await store.close();
  });

  it('shows at once what another has put', async () => {
    const folder = newFolder();
    const [a, b] = await Promise.all([Store.open(folder), Store.open(folder)]);
    a.put(key(1), value(1));
    expect(b.get(key(1))).toEqual(value(1));
    b.put(key(2), value(2));
    expect(a.get(key(2))).toEqual(value(2));
    await Promise.all([a.close(), b.close()]);
  });

  it('leaves a cache of another format alone, and says what to do', async () => {
    const folder = newFolder();
    await storeOf(folder, 1);
    writeFileSync(join(folder, MARKER), '{"format":2}');
    const before = readdirSync(folder).map((name) => readFileSync(join(folder, name)));
    await expect(Store.open(folder)).rejects.toMatchObject(
      failure(
        'ERR_INVALID_OPTION',
        /has format 2, and this version of longembed uses format 1\. .*another --cache/,
      ),
    );
    expect(readdirSync(folder).map((name) => readFileSync(join(folder, name)))).toEqual(before);
  });

  it('does not take a folder of something else', async () => {
    const folder = newFolder();
    writeFileSync(join(folder, 'thesis.txt'), 'ten years of work');
    await expect(Store.open(folder)).rejects.toMatchObject(
      failure('ERR_INVALID_OPTION', /holds files and is no cache of longembed/),
    );
    expect(readdirSync(folder)).toEqual(['thesis.txt']);
  });

  it('says that a file is in its place', async () => {
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
    ['a file that is cut off', (folder) => truncateSync(join(folder, 'data.mdb'), 20_000)],
    [
      'a file of something else',
      (folder) => writeFileSync(join(folder, 'data.mdb'), 'not LMDB '.repeat(10_000)),
    ],
    ['pages that are overwritten', (folder) => overwrite(join(folder, 'data.mdb'), 8192, 100_000)],
  ])('refuses %s, without a crash', async (_what, damage) => {
    const folder = newFolder();
    await storeOf(folder, 60);
    damage(folder);
    const opened = Store.open(folder).then(async (store) => {
      try {
        for (let i = 0; i < 60; i++) store.get(key(i));
      } finally {
        await store.close();
      }
    });
    await expect(opened).rejects.toMatchObject(
      failure(
        'ERR_INVALID_OPTION',
        /^The cache in .* is damaged: .*Delete the folder, or give another --cache/,
      ),
    );
  });

  it('never gives bytes that were not put', async () => {
    const folder = newFolder();
    await storeOf(folder, 8);
    const file = join(folder, 'data.mdb');
    const bytes = readFileSync(file);
    // LMDB leaves older copies of a page behind.
    for (let at = bytes.indexOf(value(7)); at >= 0; at = bytes.indexOf(value(7), at + 1))
      overwrite(file, at + 500, 1);
    const store = await Store.open(folder);
    expect(store.get(key(6))).toEqual(value(6));
    expect(() => store.get(key(7))).toThrow(/is damaged: an entry is not what was stored/);
    await store.close();
  });
});

function overwrite(file: string, position: number, bytes: number): void {
  const handle = openSync(file, 'r+');
  writeSync(handle, Buffer.alloc(bytes, 0xa5), 0, bytes, position);
  closeSync(handle);
}

describe('entries', () => {
  it('come back as they were', () => {
    const entry = {
      vector: Float32Array.of(1, -0, 1e-40, 3.4e38, 0.1),
      tokens: 4_000_000_000,
      windows: 64,
      truncated: true,
      seconds: 1 / 3,
    };
    expect(decodeEntry(encodeEntry(entry))).toEqual(entry);
    expect(decodeEntry(encodeEntry({ ...entry, truncated: false })).truncated).toBe(false);
  });
});

describe('speeds', () => {
  const runner = (threads: number) => ({ sha256: 'a', info: { device: 'CPU', threads } });

  it('are remembered a model, machine part and method; later ones count more', async () => {
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
    await store.close();
  });
});

describe('defaultCacheFolder', () => {
  it('is where LONGEMBED_CACHE says, else among the caches of the user', () => {
    const before = process.env['LONGEMBED_CACHE'];
    try {
      process.env['LONGEMBED_CACHE'] = '/some/where';
      expect(defaultCacheFolder()).toBe('/some/where');
      process.env['LONGEMBED_CACHE'] = '';
      expect(defaultCacheFolder()).toMatch(/longembed.*bench$/);
    } finally {
      if (before === undefined) delete process.env['LONGEMBED_CACHE'];
      else process.env['LONGEMBED_CACHE'] = before;
    }
  });
});
