/**
 * Writes the scores of the shipped models into the documents that show them, between `<!-- scores NAME -->` and
 * `<!-- /scores -->`: `npx tsx models/tables.ts FILE.md… RESULTS…`. NAME is a model's, `targets` (RoPE against APE by
 * target) or `attention-scale` (on against off). The results are those of models/measure.mjs.
 */
import { readFileSync, writeFileSync } from 'node:fs';
import { argv } from 'node:process';
import { mainScore } from '../bench/results/results.js';
import { percent, shortLength } from '../bench/results/percent.js';
import { readResults } from '../bench/results/files.js';
import type { RunResult, TaskResult } from '../bench/results/results.js';

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

function table(name: string): string {
  if (name === 'targets') return targetsTable();
  if (name === 'attention-scale') return scalingTable();
  const longest = Math.max(...runs.map(({ target }) => target));
  const shown = runs.filter((run) => run.model === name && isShown(run, longest));
  if (shown.length === 0) throw new Error(`The results have no ${name}.`);
  return scoresTable(shown);
}

/** Without a strategy, and every strategy at the longest target as it is by default. */
function isShown({ extend, target }: RunResult, longest: number): boolean {
  return extend === 'none' || (target === longest && !extend.includes('='));
}

/** Acc@1 by length of each run. */
function scoresTable(runs: readonly RunResult[]): string {
  const tasks = runs[0]?.tasks ?? [];
  const head = tasks.flatMap(({ task, splits }) =>
    splits.map(({ length }) => `${task} ${shortLength(length ?? 0)}`),
  );
  return markdown(
    ['strategy', ...head],
    runs.map(({ extend, tasks }) => [`\`${extend}\``, ...tasks.flatMap(scoresOf)]),
  );
}

/** The best strategy's Acc@1 on documents as long as the target, RoPE beside APE, as the paper's figure 6. */
function targetsTable(): string {
  const targets = [...new Set(runs.map(({ target }) => target))].sort((a, b) => a - b).slice(1);
  const best = (model: string, task: string, target: number): string => {
    const scores = runs
      .filter(
        (run) =>
          run.model === model && run.target === target && run.method !== 'none' && !run.extend.includes('='),
      )
      .map((run) => ({ extend: run.extend, score: atLength(run, task, target) }))
      .sort((a, b) => b.score - a.score);
    const top = scores
      .filter(({ score }) => score === scores[0]?.score)
      .map(({ extend }) => extend.split(':')[0]);
    return `${percent(scores[0]?.score)} (${top.join(', ')})`;
  };
  return markdown(
    ['target', 'passkey, mini-ape', 'passkey, mini-rope', 'needle, mini-ape', 'needle, mini-rope'],
    targets.map((target) => [
      shortLength(target),
      ...['passkey', 'needle'].flatMap((task) =>
        ['mini-ape', 'mini-rope'].map((model) => best(model, task, target)),
      ),
    ]),
  );
}

/** Acc@1 at the longest length with attention scaling, and without. */
function scalingTable(): string {
  const off = runs.filter(({ extend }) => extend.includes('attention-scale=off'));
  return markdown(
    ['model', 'strategy', 'passkey, on', 'passkey, off', 'needle, on', 'needle, off'],
    off.flatMap((without) => {
      const spec = without.extend.replace(/,?attention-scale=off/, '');
      const scaled = runs.find((run) => run.model === without.model && run.extend === spec);
      if (scaled === undefined) return [];
      const cells = ['passkey', 'needle'].flatMap((task) =>
        [scaled, without].map((run) => percent(atLength(run, task, run.target))),
      );
      return [[without.model, `\`${spec}\``, ...cells]];
    }),
  );
}

function scoresOf(task: TaskResult): string[] {
  return task.splits.map((split) => percent(mainScore(task, split)));
}

function atLength({ tasks }: RunResult, name: string, length: number): number {
  const task = tasks.find(({ task }) => task === name);
  const split = task?.splits.find((split) => split.length === length);
  if (task === undefined || split === undefined)
    throw new Error(`The results have no ${name} of ${length} tokens.`);
  return mainScore(task, split);
}

function markdown(head: readonly string[], rows: readonly (readonly string[])[]): string {
  const line = (cells: readonly string[]): string => `| ${cells.join(' | ')} |`;
  return [line(head), line(head.map(() => '---')), ...rows.map(line)].join('\n');
}
