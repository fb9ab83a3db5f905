/** Acc@1 of the synthetic tasks by length, as in the paper's Figure 1(b): a table coloured as a heat map. */
import { mainScore, runName } from '../../results/results.js';
import { percent } from '../../results/percent.js';
import type { ModelResult, RunResult, SplitResult, TaskResult } from '../../results/results.js';
import type { BenchTask } from '../../tasks/index.js';
import { heatClass } from '../heat.js';
import { html, type Html, type Section, table } from '../html.js';
import { count } from '../../../lib/format.js';
import { metricTitle, taskOfRun, type View, paperOf } from '../view.js';

export function lengthsSection(view: View): Section | null {
  const tasks = view.tasks.filter(({ kind }) => kind === 'synthetic');
  if (tasks.length === 0) return null;
  return {
    id: 'lengths',
    title: 'By length',
    body: html`<p>
        How often the one relevant document is ranked first, by document length (the paper’s Figure 1b).
      </p>
      ${legend(tasks, view)} ${tasks.map((task) => heatmap(task, view))}`,
  };
}

/** A row: a run with its scores by length, or the paper's. */
interface Row {
  readonly kind: 'ours' | 'paper';
  readonly name: Html;
  /** Length → score from 0 to 1. */
  readonly scores: ReadonlyMap<number, number>;
  /** Lengths at which documents were cut. */
  readonly cut: ReadonlySet<number>;
  /** null: not known. */
  readonly mean: number | null;
}

function heatmap(task: BenchTask, view: View): Html {
  const groups = view.models
    .map(({ model, runs }) => ({ model, rows: runs.flatMap((run) => rowsOf(task, model, run, view)) }))
    .filter(({ rows }) => rows.length > 0);
  const rows = groups.flatMap((group) => group.rows);
  const lengths = [
    ...new Set(rows.filter(({ kind }) => kind === 'ours').flatMap(({ scores }) => [...scores.keys()])),
  ].toSorted((a, b) => a - b);
  // With 50 queries, as in the paper, every score is a whole percentage.
  const areWhole = rows.every(({ scores }) => [...scores.values()].every(isWholePercent));
  const figure = (score: number): string => (areWhole ? percent(score).replace('.0', '') : percent(score));
  const row = ({ kind, name, scores, cut, mean }: Row): Html =>
    html`<tr class="${kind}">
      <th scope="row">${name}</th>
      ${lengths.map((length) => heatCell(scores.get(length), cut.has(length), figure))}
      <td>${mean === null ? '–' : percent(mean)}</td>
    </tr> `;
  return table({
    id: `lengths-${task.name}`,
    className: 'heat',
    caption: html`<b>${task.title}</b>: ${metricTitle(task)} in percent, by length in tokens`,
    head: html`<tr>
      <th scope="col">Strategy</th>
      ${lengths.map((length) => html`<th scope="col">${count(length)}</th>`)}
      <th scope="col">Mean</th>
    </tr>`,
    body: groups.map(
      (group) =>
        html`<tbody>
          <tr class="group">
            <th scope="rowgroup" colspan="${lengths.length + 2}"><span>${group.model.id}</span></th>
          </tr>
          ${group.rows.map(row)}
        </tbody> `,
    ),
  });
}

function rowsOf(task: BenchTask, model: ModelResult, run: RunResult, view: View): Row[] {
  const result = taskOfRun(run, task.name);
  if (result === null) return [];
  const ours: Row = {
    kind: 'ours',
    name: html`<code>${runName(run)}</code>`,
    scores: new Map(byLength(result).map(([length, split]) => [length, mainScore(result, split)])),
    cut: new Set(
      byLength(result).flatMap(([length, { truncatedDocuments }]) => (truncatedDocuments > 0 ? length : [])),
    ),
    mean: result.main,
  };
  const paper = paperOf(view, model, run);
  const scores = paper?.lengths(task.name) ?? null;
  if (paper === null || scores === null) return [ours];
  return [ours, { kind: 'paper', name: html`paper`, scores, cut: new Set(), mean: paper.main(task.name) }];
}

function byLength({ splits }: TaskResult): [number, SplitResult][] {
  return splits.flatMap((split) =>
    split.length === null ? [] : [[split.length, split] as [number, SplitResult]],
  );
}

function isWholePercent(score: number): boolean {
  return percent(score).endsWith('.0') && Math.abs(100 * score - Math.round(100 * score)) < 1e-6;
}

function heatCell(score: number | undefined, cut: boolean, figure: (score: number) => string): Html {
  if (score === undefined) return html`<td class="missing">–</td>`;
  if (!cut) return html`<td class="${heatClass(score)}">${figure(score)}</td>`;
  return html`<td class="${heatClass(score)} cut">${figure(score)}<span class="hidden"> (cut)</span></td>`;
}

/** The colour scale from 0 to 100 %, and the mark for cut documents if there are any. */
function legend(tasks: readonly BenchTask[], { models }: View): Html {
  const splits = models.flatMap(({ runs }) =>
    runs.flatMap((run) => tasks.flatMap(({ name }) => taskOfRun(run, name)?.splits ?? [])),
  );
  const hasCut = splits.some(({ truncatedDocuments }) => truncatedDocuments > 0);
  return html`<p class="legend">
    <span class="scale"
      >${[0, 25, 50, 75, 100].map(
        (step) => html`<span class="${heatClass(step / 100)}">${step}</span>`,
      )}</span
    >${
      hasCut
        ? html`<span class="cut sample"></span> some documents were longer than the target and were cut`
        : null
    }
  </p>`;
}
