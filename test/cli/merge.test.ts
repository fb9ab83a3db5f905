import { appendFileSync, existsSync, mkdtempSync, readFileSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { beforeEach, describe, expect, it } from 'vitest';
import { modelPath } from '../../models/random/cached.js';
import { longembed as program } from './program.js';
import { longembed as fake, type Outcome } from './world.js';

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'longembed-merge-'));
  writeFileSync(at('model.gguf'), 'a model');
});
const at = (name: string): string => join(folder, name);

/** Runs the command line with a fake model. */
function run(args: string): Promise<Outcome> {
  return fake(args.replaceAll('@', `${folder}/`).split(' '), { infoOf: () => ({ path: at('model.gguf') }) });
}

/** Makes two parts of a corpus whose first half is in the first. */
async function parts(ids: readonly unknown[], format = 'jsonl', text = 'some words'): Promise<void> {
  writeFileSync(at('corpus.jsonl'), ids.map((id) => `${JSON.stringify({ id, text })}\n`).join(''));
  await run(
    `embed @corpus.jsonl -m @model.gguf -q --shard all/2 --output @parts --output-format ${format} --force`,
  );
}

const repeated = (id: string, ending = 'jsonl'): RegExp =>
  new RegExp(
    `The id ${id} is that of a document in shard 0/2 and of another in shard 1/2 \\(.*part-00000-of-00002\\.${ending} and ` +
      `.*part-00001-of-00002\\.${ending}\\)`,
  );

describe('merge compares ids between shards', () => {
  it.each(['jsonl', 'npy', 'parquet'])('and names one that two have, with both: %s', async (format) => {
    await parts(['a', 'b "\\ü', 'c', 'd', 'b "\\ü', 'e'], format);
    for (const output of [`-o @merged.${format}`, '']) {
      const { code, stderr } = await run(`merge @parts ${output}`.trim());
      expect([code, stderr]).toEqual([2, expect.stringMatching(repeated(String.raw`"b \\"\\\\ü"`, format))]);
      expect(stderr).not.toContain('more ids');
    }
    expect(existsSync(at(`merged.${format}`))).toBe(false);
    expect(existsSync(at('parts/manifest.json'))).toBe(false);
  });

  it.each(['jsonl', 'npy', 'parquet'])(
    'also at the end of one and the start of the next: %s',
    async (format) => {
      await parts(['a', 'b', 'b', 'c'], format);
      expect((await run('merge @parts')).stderr).toMatch(repeated('"b"', format));
    },
  );

  it('and counts the others', async () => {
    const ids = Array.from({ length: 1000 }, (_, i) => `d${i}`);
    await parts([...ids, ...ids]);
    expect((await run('merge @parts')).stderr).toMatch(/"d0" is that of .* \(and so are 999 more ids\)/);
  });

  it('as the format has them: 1 and "1" are strings in parquet alone', async () => {
    await parts(['1', '2', 1, 4]);
    expect((await run('merge @parts -o @merged.jsonl')).code).toBe(0);
    await parts([1, 2, 3, 2]);
    expect((await run('merge @parts')).stderr).toMatch(repeated('2'));
    await parts(['1', '2', 1, 4], 'parquet');
    expect((await run('merge @parts')).stderr).toMatch(repeated('"1"', 'parquet'));
  });

  it('of documents with vectors: one that failed takes no id from another', async () => {
    for (const format of ['jsonl', 'npy', 'parquet']) {
      await parts(['a', 'b'], format);
      writeFileSync(
        at('corpus.jsonl'),
        '{"id":"a","text":""}\n{"id":"b","text":"c"}\n{"id":"a","text":"words"}\n{broken',
      );
      await run(
        `embed @corpus.jsonl -m @model.gguf -q --shard all/2 --output @failed-${format} --output-format ${format}`,
      );
      const { code, stderr } = await run(`merge @failed-${format} -o @merged.${format}`);
      expect([code, stderr]).toEqual([0, expect.stringContaining('2 parts, 4 documents (2 failed)')]);
    }
  });

  it('wherever a read ends, in files of several megabytes', async () => {
    const ids = Array.from({ length: 6000 }, (_, i) => `${'long'.repeat(100)}-${i}`);
    await parts(ids, 'jsonl', 'x');
    expect((await run('merge @parts -o @merged.jsonl')).code).toBe(0);
    await parts([...ids, ids[2999]], 'jsonl', 'x');
    expect((await run('merge @parts')).stderr).toMatch(repeated(`"${ids[2999]}"`));
  });

  it('not between the chunks of a document, which has a row for each', async () => {
    writeFileSync(at('corpus.jsonl'), '{"id":"a","text":"One. Two."}\n{"id":"b","text":"One. Two. Six."}\n');
    const embed = ['embed', at('corpus.jsonl'), '-m', modelPath('bert'), '-q', '--chunks', 'sentences'];
    const { stderr } = await program([...embed, '--shard', 'all/2', '--output', at('parts')]);
    expect(stderr).toBe('');
    expect((await run('merge @parts -o @merged.jsonl')).code).toBe(0);
    expect(readFileSync(at('merged.jsonl'), 'utf8').trimEnd().split('\n')).toHaveLength(5);
  });

  it('once the output can be written', async () => {
    await parts(['a', 'a']);
    writeFileSync(at('merged.jsonl'), 'vectors');
    expect((await run('merge @parts -o @merged.jsonl')).stderr).toMatch(/merged\.jsonl exists/);
    expect((await run('merge @parts -o @merged.jsonl --force')).stderr).toMatch(repeated('"a"'));
    expect(readFileSync(at('merged.jsonl'), 'utf8')).toBe('vectors');
  });

  it('after their checksums in parquet, whose readers may take for ever for a damaged file', async () => {
    await parts(['a', 'b'], 'parquet');
    const path = at('parts/part-00001-of-00002.parquet');
    const bytes = readFileSync(path);
    bytes[4 + 2] = 0x7f;
    writeFileSync(path, bytes);
    expect((await run('merge @parts')).stderr).toMatch(
      /part-00001-of-00002\.parquet is not what its manifest says \(SHA-256\): .*--shard 1\/2 --force/,
    );
  });

  it('and says that a part is damaged whose rows have none', async () => {
    await parts(['a', 'b']);
    const path = at('parts/part-00001-of-00002.jsonl');
    const row = readFileSync(path, 'utf8');
    writeFileSync(path, row.replace('{"id"', '{"ix"'));
    const wrong =
      /part-00001-of-00002\.jsonl is not what its manifest says \(its ids\): .*--shard 1\/2 --force/;
    expect((await run('merge @parts')).stderr).toMatch(wrong);
    writeFileSync(path, '');
    appendFileSync(path, '{"id":"b","e"}\n{"id":"c"}\n'.padEnd(row.length - 1).concat('\n'));
    expect((await run('merge @parts')).stderr).toMatch(wrong);
  });
});
