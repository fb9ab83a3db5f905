/** Other programs read our parquet files: those that are installed where `python3`, or the program in PYTHON, finds them. */
import { spawnSync } from 'node:child_process';
import { mkdtempSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { beforeAll, expect, it } from 'vitest';
import { longembed } from '../cli/world.js';

const folder = mkdtempSync(join(tmpdir(), 'longembed-readers-'));
const FILE = join(folder, 'merged.parquet');

/** Programs that print the number of rows, of vectors, the numbers of a vector, its sum, and the errors, as JSON. */
const READERS = {
  pyarrow: `
import pyarrow.parquet as pq
table = pq.read_table(PATH)
assert [str(t) for t in table.schema.types[:3]] == ['string', 'list<element: float not null>', 'int32'], table.schema
assert table.schema.metadata[b'longembed.extend'] == b'none'
rows = table.to_pylist()
vectors = [row['embedding'] for row in rows if row['embedding'] is not None]
out = [len(rows), len(vectors), len(vectors[0]), sum(map(sum, vectors)), [row['id'] for row in rows if row['error']]]`,
  polars: `
import polars as pl
table = pl.read_parquet(PATH)
vectors = table['embedding'].drop_nulls()
out = [len(table), len(vectors), len(vectors[0]), vectors.list.sum().sum(), table.filter(pl.col('error').is_not_null())['id'].to_list()]`,
  duckdb: `
import duckdb
out = list(duckdb.sql(f"""select count(*), count(embedding), max(len(embedding)), sum(list_sum(embedding)),
  list(id order by id) filter (error is not null) from '{PATH}'""").fetchall()[0])`,
};

const python = process.env['PYTHON'] ?? 'python3';

function runs(code: string): { ok: boolean; stdout: string; stderr: string } {
  const { status, stdout, stderr } = spawnSync(python, ['-c', code], { encoding: 'utf8' });
  return { ok: status === 0, stdout, stderr };
}

beforeAll(async () => {
  const corpus = join(folder, 'corpus.jsonl');
  const model = join(folder, 'model.gguf');
  writeFileSync(model, 'a model');
  const lines = Array.from(
    { length: 50 },
    (_, i) => `{"id":"d${i}","text":"${i % 20 === 9 ? '' : 'x'.repeat(i + 1)}"}\n`,
  );
  writeFileSync(corpus, lines.join(''));
  const world = { infoOf: () => ({ path: model }) };
  const parts = join(folder, 'parts');
  const args = ['--shard', 'all/3', '--output', parts, '--output-format', 'parquet'];
  await longembed(['embed', corpus, '-m', model, '-q', ...args], world);
  expect(await longembed(['merge', parts, '-o', FILE, '-q'])).toMatchObject({ code: 0 });
});

for (const [name, code] of Object.entries(READERS)) {
  const installed = runs(`import ${name}`).ok;
  it.skipIf(!installed)(
    `${name} reads a merged parquet file${installed ? '' : ` (skipped: ${python} has no ${name})`}`,
    () => {
      const path = `PATH = ${JSON.stringify(FILE)}\n`;
      const { ok, stdout, stderr } = runs(`${path}${code}\nimport json; print(json.dumps(out))`);
      expect(ok, stderr).toBe(true);
      const lengths = Array.from({ length: 50 }, (_, i) => (i % 20 === 9 ? 0 : i + 1));
      const sum = lengths.reduce(
        (total, length) => total + (length === 0 ? 0 : length + Math.fround(0.1)),
        0,
      );
      const [rows, vectors, numbers, total, failed] = JSON.parse(stdout) as [
        number,
        number,
        number,
        number,
        string[],
      ];
      expect({ rows, vectors, numbers, failed: failed.sort() }).toEqual({
        rows: 50,
        vectors: 47,
        numbers: 2,
        failed: ['d29', 'd49', 'd9'],
      });
      expect(total).toBeCloseTo(sum, 2);
    },
  );
}
