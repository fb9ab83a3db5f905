/**
 * Writes the scores of the shipped models into the documents that show them, between `<!-- scores NAME -->` and
 * `<!-- /scores -->`: `npx tsx models/tables.ts FILE.md… RESULTS…`. NAME is a model's. The results are those of models/measure.mjs.
 */
import { readFileSync, writeFileSync } from 'node:fs';
import { argv } from 'node:process';
import { mainScore } from '../bench/results/results.js';
import { percent, shortLength } from '../bench/results/percent.js';
import { readResults } from '../bench/results/files.js';
import type { TaskResult } from '../bench/results/results.js';

const paths = argv.slice(2);
const results = await Promise.all(paths.filter((path) => !path.endsWith('.md')).map(readResults));
const runs = results.flatMap(({ runs }) => runs);
for (const file of paths.filter((path) => path.endsWith('.md'))) {
  const text = readFileSync(file, 'utf8');
  writeFileSync(
    file,
    text.replace(
      /(<!-- scores (\S+) -->\n)[^]*?(<!-- \/scores -->)/g,
      (_, begin: string, name: string, end: string) => `${begin}\n${table(name)}\n\n${end}`,
    ),
  );
}

/** Acc@1 of each run, by task and length. */
function table(name: string): string {
  const shown = runs.filter((run) => run.model === name);
  if (shown.length === 0) throw new Error(`The results have no ${name}.`);
  const head = (shown[0]?.tasks ?? []).flatMap(({ task, splits }) =>
    splits.map(({ length }) => `${task} ${shortLength(length ?? 0)}`),
  );
  return markdown(
    ['strategy', 'vectors', ...head],
    shown.map(({ extend, vectors = 'one', tasks }) => [`\`${extend}\``, vectors, ...tasks.flatMap(scoresOf)]),
  );
}

function scoresOf(task: TaskResult): string[] {
  return task.splits.map((split) => percent(mainScore(task, split)));
}

function markdown(head: readonly string[], rows: readonly (readonly string[])[]): string {
  const line = (cells: readonly string[]): string => `| ${cells.join(' | ')} |`;
  return [line(head), line(head.map(() => '---')), ...rows.map(line)].join('\n');
}
