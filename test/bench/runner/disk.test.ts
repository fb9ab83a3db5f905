import { copyFileSync, existsSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { failure } from '../data/folder.js';
import { makeReadOnly, noTmpfs, tmpfs } from './tmpfs.js';
import { bench, DOCUMENTS, modelFile, newFolder, numbersTask, QUERIES } from './world.js';

const same = () => ({ models: [modelFile()], data: numbersTask(DOCUMENTS, QUERIES) });
const why = noTmpfs === null ? '' : ` (${noTmpfs})`;

/** Takes all that is left of a disk. */
function fill(folder: string): string {
  const file = join(folder, 'filler');
  for (let size = 1 << 20; size >= 512; size /= 2) {
    try {
      for (;;) writeFileSync(file, Buffer.alloc(size), { flag: 'a' });
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== 'ENOSPC') throw error;
    }
  }
  return file;
}

describe.skipIf(noTmpfs !== null)(`a disk${why}`, () => {
  it('that is full before anything is computed is refused', async () => {
    const cache = tmpfs(4 << 20);
    let computed = 0;
    await expect(bench({ ...same(), cache, before: () => computed++ })).rejects.toMatchObject(
      failure(
        'ERR_INVALID_OPTION',
        /needs \d+ MB for embeddings, but its disk has only 4 MB left: free some space/,
      ),
    );
    expect(computed).toBe(0);
  });

  it('that fills up under the cache loses nothing, and the run continues when there is space', async () => {
    const given = same();
    const whole = await bench(given);
    const disk = tmpfs(32 << 20);
    const cache = join(disk, 'cache');
    const output = newFolder();
    const computed: number[] = [];
    let filler = '';
    await expect(
      bench({
        ...given,
        cache,
        output,
        before: (count) => {
          computed.push(count);
          if (count === 4) filler = fill(disk);
        },
      }),
    ).rejects.toMatchObject(
      failure(
        'ERR_INVALID_OPTION',
        /^qmsum \(test\): Cannot write to the cache in .*: the disk is full\. Stored entries stay valid: free some space/,
      ),
    );
    expect(existsSync(join(output, 'results.json'))).toBe(false);
    rmSync(filler);
    const rest = await bench({ ...given, cache, output });
    expect(rest.computed.length).toBeLessThanOrEqual(whole.computed.length - 4 + 1);
    expect(rest.json).toBe(whole.json);
  });

  it('that fills up under the output keeps computed vectors', async () => {
    const given = { ...same(), cache: newFolder() };
    const output = tmpfs(1 << 20);
    let filler = '';
    await expect(
      bench({
        ...given,
        output,
        before: (count) => {
          if (count === 1) filler = fill(output);
        },
      }),
    ).rejects.toMatchObject(
      failure('ERR_INVALID_OPTION', /^Cannot write to .*results\.json: the disk is full\.$/),
    );
    rmSync(filler);
    const rest = await bench({ ...given, output });
    expect(rest.computed).toEqual([]);
    expect(rest.results.runs[0]!.tasks[0]!.main).toBe(1);
  });

  it('that is read-only is refused, for the cache and for the output', async () => {
    const disk = tmpfs(32 << 20);
    makeReadOnly(disk);
    await expect(bench({ ...same(), cache: join(disk, 'cache') })).rejects.toMatchObject(
      failure('ERR_INVALID_OPTION', /cache cannot be used: the file system is read-only/),
    );
    for (const output of [disk, join(disk, 'new')]) {
      await expect(bench({ ...same(), output })).rejects.toMatchObject(
        failure(
          'ERR_INVALID_OPTION',
          /cannot be written to: the file system is read-only\. Give another --output/,
        ),
      );
    }
  });
});

describe('an output folder', () => {
  it('with a file in its place is refused before anything is computed', async () => {
    const file = join(newFolder(), 'file');
    writeFileSync(file, '');
    let loaded = 0;
    for (const output of [file, join(file, 'below')]) {
      await expect(bench({ ...same(), output, before: () => loaded++ })).rejects.toMatchObject(
        failure('ERR_INVALID_OPTION', /cannot be written to: a file is in its place\. Give another --output/),
      );
    }
    expect(loaded).toBe(0);
  });

  it('keeps results that another run writes there meanwhile, and what was computed', async () => {
    const given = { ...same(), cache: newFolder(), output: newFolder() };
    const other = await bench({ ...given, output: newFolder(), extend: ['pcw:32'] });
    const results = join(given.output, 'results.json');
    const writeOther = (): void => copyFileSync(join(other.output, 'results.json'), results);
    await expect(bench({ ...given, before: writeOther })).rejects.toMatchObject(
      failure('ERR_INVALID_OPTION', /would replace: fake with pcw:32 on qmsum/),
    );
    expect(readFileSync(results, 'utf8')).toBe(other.json);
    expect((await bench({ ...given, overwrite: true })).computed).toEqual([]);
  });

  it('with results of another precision keeps them', async () => {
    const given = same();
    const { output, json } = await bench(given);
    const path = join(output, 'results.json');
    const other = json.replace('"precision": "full"', '"precision": "bf16"');
    expect(other).not.toBe(json);
    writeFileSync(path, other);
    await expect(bench({ ...given, output })).rejects.toMatchObject(
      failure('ERR_INVALID_OPTION', /would replace: fake with none on qmsum/),
    );
    // Files of older versions do not name it, and have the one that there was.
    writeFileSync(path, json.replace(/ *"precision": "full",\n/, ''));
    expect((await bench({ ...given, output })).json).toBe(json);
  });

  it('with results of another run keeps them, unless forced', async () => {
    const given = { ...same(), cache: newFolder() };
    const { output, json } = await bench({ ...given, extend: ['none', 'pcw:32'] });
    await expect(bench({ ...given, output })).rejects.toMatchObject(
      failure(
        'ERR_INVALID_OPTION',
        /would replace: fake with pcw:32 on qmsum\. Give another --output, or --force/,
      ),
    );
    await expect(
      bench({ ...given, data: numbersTask(['9', '8'], ['9']), output, extend: ['none', 'pcw:32'] }),
    ).rejects.toMatchObject(
      failure('ERR_INVALID_OPTION', /would replace: fake with none on qmsum and 1 more/),
    );
    // Nothing would be lost: what is there is part of what comes.
    const more = await bench({ ...given, output, extend: ['none', 'pcw:32', 'rp:32'] });
    expect(more.json).not.toBe(json);
    const forced = await bench({ ...given, output, overwrite: true });
    expect(forced.results.runs).toHaveLength(1);
  });

  it('with a results.json that cannot be read keeps it', async () => {
    const output = newFolder();
    writeFileSync(join(output, 'results.json'), '{"format":"another/7"}');
    await expect(bench({ ...same(), output })).rejects.toMatchObject(
      failure(
        'ERR_INVALID_OPTION',
        /holds a results\.json that cannot be read\. Give another --output, or --force/,
      ),
    );
  });
});
