import {
  copyFileSync,
  existsSync,
  mkdtempSync,
  readFileSync,
  readdirSync,
  renameSync,
  rmSync,
  statSync,
  truncateSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout } from 'node:timers/promises';
import { asyncBufferFromFile, parquetMetadataAsync, parquetReadObjects } from 'hyparquet';
import { beforeEach, describe, expect, it } from 'vitest';
import { modelPath } from '../../models/random/cached.js';
import { processHost } from '../../lib/process-host.js';
import { longembed as program, start } from '../cli/program.js';
import { longembed as fake, lines, type Outcome, type World } from '../cli/world.js';

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'longembed-parts-'));
  writeFileSync(at('model.gguf'), 'a model');
  const lines = Array.from({ length: 40 }, (_, i) => {
    if (i % 10 === 5) return `{"id":"d${i}","text":""}`;
    return i % 10 === 7 ? '{broken' : `{"id":"d${i}","text":"${'word '.repeat((i * 7) % 23)}."}`;
  });
  writeFileSync(at('corpus.jsonl'), `${lines.join('\n')}\n`);
});
const at = (name: string): string => join(folder, name);

/** Runs the command line with a fake model, whose vectors tell how long a text is. */
function run(args: string, world: World = {}): Promise<Outcome> {
  return fake(args.replaceAll('@', `${folder}/`).split(' '), {
    ...world,
    infoOf: () => ({ path: at('model.gguf') }),
  });
}
const EMBED = 'embed @corpus.jsonl -m @model.gguf -q';

describe('embed --shard and merge', () => {
  it.each(['jsonl', 'npy'])('give the bytes of one process: %s', async (format) => {
    await run(`${EMBED} -o @one.${format}`);
    expect((await run(`${EMBED} --shard 1/3 --output @parts --output-format ${format}`)).code).toBe(1);
    const { code } = await run(`${EMBED} --shard all/3 --output @parts --output-format ${format} --resume`);
    expect(code).toBe(1);
    const merged = await run(`merge @parts -o @merged.${format}`);
    expect(merged.stderr).toMatch(/^longembed: 3 parts, 40 documents \(8 failed\), \d+ rows: /);
    expect(merged.code).toBe(0);
    expect(readFileSync(at(`merged.${format}`))).toEqual(readFileSync(at(`one.${format}`)));
    const errors = readFileSync(at(`merged.${format}.errors.jsonl`), 'utf8')
      .trimEnd()
      .split('\n');
    expect(errors).toHaveLength(8);
    expect(JSON.parse(errors[1]!)).toMatchObject({ id: 7, code: 'ERR_INVALID_OPTION' });
    if (format === 'npy') {
      expect(readFileSync(at('merged.npy.jsonl'), 'utf8').split('\n')[1]).toBe('{"id":"d1"}');
    }
  });

  it('give the rows of one process in a parquet file, failed documents included', async () => {
    await run(`${EMBED} -o @one.parquet`);
    await run(`${EMBED} --shard all/3 --output @parts --output-format parquet`);
    expect((await run('merge @parts -o @merged.parquet')).code).toBe(0);
    const one = await rowsOf(at('one.parquet'));
    expect(await rowsOf(at('merged.parquet'))).toEqual(one);
    expect(one).toHaveLength(40);
    expect(one[1]).toEqual({
      ...{ id: 'd1', embedding: [36, Math.fround(0.1)], tokens: 36, windows: 1, truncated: false },
      ...{ error: null, chunk: null, start: null, end: null },
    });
    expect(one[5]).toMatchObject({
      id: 'd5',
      embedding: undefined,
      error: expect.stringContaining('ERR_INPUT_EMPTY: ') as string,
    });
    const metadata = await parquetMetadataAsync(await asyncBufferFromFile(at('merged.parquet')));
    const pairs = new Map(metadata.key_value_metadata?.map(({ key, value }) => [key, value]));
    expect(pairs.get('longembed.extend')).toBe('none');
    expect(pairs.get('longembed.model.sha256')).toMatch(/^[0-9a-f]{64}$/);
    expect(metadata.row_groups).toHaveLength(3);
  });

  it('goes on after the documents that are done, and not with another input', async () => {
    const stop = new Error('stopped');
    let left = 9;
    const dies: World = { before: () => ((left -= 1) === 0 ? Promise.reject(stop) : undefined) };
    expect((await run(`${EMBED} --shard 0/2 --output @parts`, dies)).code).toBe(2);
    const again = await run(`${EMBED} --shard 0/2 --output @parts`);
    expect(again.code).toBe(2);
    expect(again.stderr).toMatch(
      /has \d+ documents of shard 0\/2 .* go on with --resume, or begin anew with --force/,
    );
    // half a record, as a killed process leaves it
    const journal = at('parts/part-00000-of-00002.journal');
    truncateSync(journal, statSync(journal).size - 3);
    const resumed = await run(`${EMBED} --shard 0/2 --output @parts --resume`);
    expect(resumed.code).toBe(1);
    const whole = await run(`${EMBED} --shard 0/2 --output @whole`);
    expect(resumed.embedded.length).toBeLessThan(whole.embedded.length - 4);
    const name = 'part-00000-of-00002.jsonl';
    expect(readFileSync(at(`parts/${name}`))).toEqual(readFileSync(at(`whole/${name}`)));
    expect(readdirSync(at('parts')).sort()).toEqual(readdirSync(at('whole')).sort());
  });

  it('notices that a document has changed since the part was begun', async () => {
    let left = 9;
    const dies: World = {
      before: () => ((left -= 1) === 0 ? Promise.reject(new Error('stopped')) : undefined),
    };
    // longer than what the fingerprint samples, so that only the document tells
    const lines = Array.from({ length: 3000 }, (_, i) => `{"id":"d${i}","text":"${'x'.repeat(100)}"}\n`);
    writeFileSync(at('corpus.jsonl'), lines.join(''));
    const args = `${EMBED} --shard 1/3 --output @parts`;
    expect((await run(args, dies)).code).toBe(2);
    writeFileSync(
      at('corpus.jsonl'),
      lines.join('').replace(/"d10([01]\d)","text":"x/g, '"d10$1","text":"y'),
    );
    const changed = await run(`${args} --resume`);
    expect(changed.stderr).toMatch(
      /Document \d+ of shard 1\/3, "d10\d\d", is not what it was .* Begin anew with --force/,
    );
    expect((await run(`${args} --force`)).code).toBe(0);
  });

  it('keeps a whole part with --resume, does it again with --force, and asks otherwise', async () => {
    const args = `${EMBED} --shard 0/2 --output @parts`;
    await run(args);
    expect((await run(args)).stderr).toMatch(
      /Shard 0\/2 is done .*: keep it with --resume, or do it again with --force/,
    );
    expect(await run(`${args} --resume`)).toMatchObject({ code: 1, embedded: [] });
    expect((await run(`${args} --force`)).embedded.length).toBeGreaterThan(5);
  });

  it('refuses another run in the same folder before it computes', async () => {
    await run(`${EMBED} --shard 0/2 --output @parts`);
    for (const [more, what] of [
      ['--extend pcw:4k', /extend is "none" in its other parts and "pcw:4k" here/],
      ['--output-format npy', /format is "jsonl" in its other parts and "npy" here/],
    ] as const) {
      const other = await run(`${EMBED} --shard 1/2 --output @parts ${more}`);
      expect(other).toMatchObject({ code: 2, embedded: [] });
      expect(other.stderr).toMatch(what);
    }
    expect((await run(`${EMBED} --shard 1/3 --output @parts`)).stderr).toMatch(/shards is 2 .* and 3 here/);
  });

  it('leaves a part to the process that makes it, until that is dead', async () => {
    const lock = at('parts/part-00000-of-00001.lock');
    const args = `${EMBED} --shard 0/1 --output @parts`;
    await run(args);
    const holder = { host: processHost(), token: 'x' };
    writeFileSync(lock, JSON.stringify({ ...holder, pid: process.pid }));
    expect((await run(`${args} --force`)).stderr).toMatch(/Shard 0\/1 is being done by another process/);
    // no process has this number
    writeFileSync(lock, JSON.stringify({ ...holder, pid: 2 ** 22 + 1 }));
    expect((await run(`${args} --force`)).code).toBe(1);
    expect(existsSync(lock)).toBe(false);
  });

  it('says what is wrong with the parts, and what to do', async () => {
    const merge = async (): Promise<string> => {
      const { code, stderr } = await run('merge @parts -o @merged.jsonl --force');
      expect(code).toBe(2);
      return stderr;
    };
    expect(await merge()).toMatch(/Cannot read the folder .*parts: there is no such file/);
    await run(`${EMBED} --shard 1/3 --output @parts`);
    expect(await merge()).toMatch(/lacks 2 parts of 3: 0, 2\. Make them with .* --shard all\/3 --resume/);
    await run(`${EMBED} --shard all/3 --output @parts --resume`);
    await run(`${EMBED} --shard 0/3 --output @other --extend pcw:4k`);
    const part = 'part-00000-of-00003';
    renameSync(at(`parts/${part}.json`), at('kept.json'));
    copyFileSync(at(`other/${part}.json`), at(`parts/${part}.json`));
    expect(await merge()).toMatch(/not of one run: facts.extend is "pcw:4k" in part 0 and "none" in part 1/);
    renameSync(at('kept.json'), at(`parts/${part}.json`));
    const content = readFileSync(at(`parts/${part}.jsonl`));
    writeFileSync(
      at(`parts/${part}.jsonl`),
      content.map((byte, i) => (i === 30 ? byte ^ 1 : byte)),
    );
    expect(await merge()).toMatch(/is not what its manifest says \(SHA-256\).*--shard 0\/3 --force/);
    expect(existsSync(at('merged.jsonl'))).toBe(false);
    truncateSync(at(`parts/${part}.jsonl`), 10);
    expect(await merge()).toMatch(/has 10 bytes, and its manifest says \d+/);
    rmSync(at(`parts/${part}.jsonl`));
    expect(await merge()).toMatch(/is missing: copy it again/);
    writeFileSync(at(`parts/${part}.jsonl`), content);
    writeFileSync(at('parts/part-00000-of-00004.json'), '{}');
    expect(await merge()).toMatch(/parts of runs with 3 and 4 shards/);
    rmSync(at('parts/part-00000-of-00004.json'));
    expect((await run('merge @parts -o @merged.npy')).stderr).toMatch(
      /The parts are jsonl, and .* is named npy/,
    );
    expect((await run('merge @parts')).code).toBe(0);
    expect(JSON.parse(readFileSync(at('parts/manifest.json'), 'utf8'))).toMatchObject({
      counts: { documents: 40, failed: 8 },
      parts: [{ shard: { index: 0, count: 3 } }, {}, {}],
    });
  });

  it('replaces no file beside the merged one without --force, and none that it reads', async () => {
    await run(`${EMBED} --shard all/2 --output @parts`);
    await run(`${EMBED} --shard all/2 --output @rows --output-format npy`);
    for (const [parts, output, beside] of [
      ['parts', 'm.jsonl', 'm.jsonl.errors.jsonl'],
      ['rows', 'm.npy', 'm.npy.jsonl'],
    ] as const) {
      writeFileSync(at(beside), 'mine');
      const refused = await run(`merge @${parts} -o @${output}`);
      expect(refused.code).toBe(2);
      expect(refused.stderr).toContain(`${beside} exists: name another, or replace it with --force`);
      expect(readFileSync(at(beside), 'utf8')).toBe('mine');
      expect(existsSync(at(output))).toBe(false);
      expect((await run(`merge @${parts} -o @${output} --force`)).code).toBe(0);
      expect(readFileSync(at(beside), 'utf8')).toContain('"id"');
    }
    const name = 'part-00000-of-00002';
    for (const output of [name, `${name}.json`, `${name}.jsonl`, 'run.json']) {
      const { code, stderr } = await run(`merge @parts -o @parts/${output} --force`);
      expect([code, stderr]).toEqual([2, expect.stringContaining('is the same file as the input')]);
    }
    expect((await run('merge @parts -o @again.jsonl')).code).toBe(0);
  });

  it('leaves no list of failures beside a merged file that has none', async () => {
    await run(`${EMBED} --shard all/1 --output @parts`);
    writeFileSync(at('corpus.jsonl'), '{"id":"a","text":"four"}\n');
    await run(`${EMBED} --shard all/1 --output @whole`);
    await run('merge @parts -o @m.jsonl');
    expect(existsSync(at('m.jsonl.errors.jsonl'))).toBe(true);
    expect((await run('merge @whole -o @m.jsonl --force')).code).toBe(0);
    expect(existsSync(at('m.jsonl.errors.jsonl'))).toBe(false);
  });

  it('does not merge into standard output', async () => {
    await run(`${EMBED} --shard all/1 --output @parts`);
    const { code, stderr, stdout } = await run('merge @parts -o -');
    expect([code, stdout]).toEqual([2, '']);
    expect(stderr).toContain('not to standard output: name a file with --output');
  });

  it('removes what a killed process left of a part, and of no other', async () => {
    await run(`${EMBED} --shard all/2 --output @parts`);
    const [mine, other] = ['part-00000-of-00002', 'part-00001-of-00002'];
    rmSync(at(`parts/${mine}.json`));
    for (const name of [`${mine}.jsonl`, `${mine}.json`, `${other}.jsonl`]) {
      writeFileSync(at(`parts/${name}.0123abcd.partial`), 'half');
    }
    expect((await run(`${EMBED} --shard 0/2 --output @parts --resume`)).code).toBe(1);
    expect(readdirSync(at('parts')).filter((name) => name.endsWith('.partial'))).toEqual([
      `${other}.jsonl.0123abcd.partial`,
    ]);
  });

  it('name failed documents by their own ids, and fail the second of an id as the format has it', async () => {
    writeFileSync(
      at('corpus.jsonl'),
      '{"id":1,"text":"a"}\n{"id":2,"text":null}\n{"id":"1","text":"b"}\n{"id":4}\n',
    );
    const failed = async (format: string): Promise<unknown[]> => {
      const args = `--shard all/2 --output @${format} --output-format ${format}`;
      expect((await run(`${EMBED} ${args}`)).code).toBe(1);
      const errors = readdirSync(at(format)).filter((name) => name.endsWith('.errors.jsonl'));
      return errors
        .sort()
        .flatMap((name) => lines(readFileSync(at(`${format}/${name}`), 'utf8')))
        .map((error) => (error as { id: unknown }).id);
    };
    expect(await failed('jsonl')).toEqual([2, 4]);
    // Its ids are strings; here both documents of id 1 are in one shard, and the bytes of the second begin the other.
    writeFileSync(
      at('corpus.jsonl'),
      `{"id":1,"text":"a"}\n{"id":"1","text":"b"}\n{"id":3,"text":"${'c'.repeat(99)}"}\n`,
    );
    expect(await failed('parquet')).toEqual(['1']);
    expect((await run(`${EMBED} -o @one.parquet`)).code).toBe(1);
    expect(await rowsOf(at('one.parquet'))).toMatchObject([
      { id: '1', error: null },
      { id: '1', error: expect.stringContaining('of an earlier document') as string },
      { id: '3', error: null },
    ]);
  });

  it('make no part of a corpus that is missing', async () => {
    for (const shard of ['0/2', '1/2', 'all/2']) {
      const { code, stderr } = await run(
        `embed @nowhere.jsonl -m @model.gguf --shard ${shard} --output @parts`,
      );
      expect([code, stderr]).toEqual([
        2,
        expect.stringMatching(/Cannot read .*nowhere\.jsonl: there is no such file/),
      ]);
    }
    expect(existsSync(at('parts'))).toBe(false);
  });

  it('has no part of standard input, and no --resume without --shard', async () => {
    expect((await run('embed - -m @model.gguf --shard 0/2 -o @p', { stdin: 'a' })).stderr).toMatch(
      /cannot be split/,
    );
    expect((await run(`${EMBED} --shard 0/2`)).stderr).toMatch(/name it with --output/);
    expect((await run(`${EMBED} --resume`)).stderr).toMatch(/--resume is for parts/);
    expect((await run(`${EMBED} --shard 2/2 -o @p`)).stderr).toMatch(/counted from 0/);
  });
});

it('gives the same bytes after processes that were killed in the middle of a shard', async () => {
  const words = 'the lease ends in may and both parties may agree to renew it'.split(' ');
  const text = (i: number): string =>
    Array.from({ length: 60 }, (_, k) => words[(i * 31 + k * k) % words.length]).join(' ');
  writeFileSync(at('c.jsonl'), Array.from({ length: 600 }, (_, i) => `{"text":"${text(i)}"}\n`).join(''));
  const args = ['embed', at('c.jsonl'), '-m', modelPath('bert'), '-q', '--threads', '1', '--truncate'];
  const parts = [...args, '--shard', 'all/2', '--output', at('parts'), '--resume'];
  let kills = 0;
  for (const index of [0, 1]) {
    const journal = at(`parts/part-0000${index}-of-00002.journal`);
    const { child, ended } = start(parts);
    child.stdin.end();
    while (child.exitCode === null && !(existsSync(journal) && statSync(journal).size > 4000))
      await setTimeout(2);
    if (child.kill('SIGKILL')) kills += 1;
    await ended;
  }
  expect(kills).toBe(2);
  expect(await program(parts)).toMatchObject({ code: 0 });
  expect(await program(['merge', at('parts'), '-o', at('merged.jsonl'), '-q'])).toMatchObject({ code: 0 });
  expect(await program([...args, '-o', at('one.jsonl')])).toMatchObject({ code: 0 });
  expect(readFileSync(at('merged.jsonl')).equals(readFileSync(at('one.jsonl')))).toBe(true);
});

async function rowsOf(path: string): Promise<Record<string, unknown>[]> {
  const rows = await parquetReadObjects({ file: await asyncBufferFromFile(path) });
  return rows.map((row) => ({ ...row }));
}
