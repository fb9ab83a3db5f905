/** All metrics that MTEB reports, in one collapsed table per task. */
import { type RunResult, type TaskResult, runName } from '../../results/results.js';
import type { BenchTask } from '../../tasks/index.js';
import { html, type Html, type Section, table } from '../html.js';
import { count } from '../../../lib/format.js';
import { taskOfRun, type View } from '../view.js';

/** Names of the metrics in the results → titles, in the order of the columns. */
const METRICS = { ndcg: 'nDCG', map: 'MAP', mrr: 'MRR', recall: 'Recall', precision: 'Precision' } as const;

export function detailsSection(view: View): Section | null {
  const folded = view.tasks.flatMap((task) => taskDetails(task, view) ?? []);
  if (folded.length === 0) return null;
  return {
    id: 'details',
    title: 'All metrics',
    body: html`<p>
        nDCG, MAP, MRR, recall and precision at several depths, in percent; for the synthetic tasks, the mean
        over the lengths.
      </p>
      ${folded}`,
  };
}

/** A metric with the cut-off ranks in the results. */
interface Column {
  readonly metric: keyof typeof METRICS;
  readonly depths: readonly number[];
}

function taskDetails(task: BenchTask, view: View): Html | null {
  const results = view.models.flatMap(({ runs }) => runs.flatMap((run) => taskOfRun(run, task.name) ?? []));
  const columns = columnsOf(results);
  if (columns.length === 0) return null;
  const width = 3 + columns.reduce((sum, { depths }) => sum + depths.length, 0);
  const row = (run: RunResult): Html | null => {
    const result = taskOfRun(run, task.name);
    return result === null ? null : resultRow(run, result, columns);
  };
  return html`<details>
    <summary>${task.title}<small>${task.mtebName}</small></summary>
    ${table({
      id: `details-${task.name}`,
      className: 'metrics',
      caption: task.title,
      head: html`<tr>
          <th scope="col" rowspan="2">Strategy</th>
          <th scope="col" rowspan="2">Tokens</th>
          <th scope="col" rowspan="2">Cut<small>documents</small></th>
          ${columns.map(
            ({ metric, depths }) =>
              html`<th scope="colgroup" colspan="${depths.length}">${METRICS[metric]}</th>`,
          )}
        </tr>
        <tr>
          ${columns.map(({ depths }) =>
            depths.map(
              (depth, i) => html`<th scope="col" ${i === 0 ? html` class="first"` : null}>@${depth}</th>`,
            ),
          )}
        </tr>`,
      body: view.models.map(({ model, runs }) => {
        const rows = runs.flatMap((run) => row(run) ?? []);
        if (rows.length === 0) return null;
        return html`<tbody>
          <tr class="group">
            <th scope="rowgroup" colspan="${width}"><span>${model.id}</span></th>
          </tr>
          ${rows}
        </tbody> `;
      }),
    })}
  </details> `;
}

function resultRow(run: RunResult, { splits }: TaskResult, columns: readonly Column[]): Html {
  const total = (of: (split: TaskResult['splits'][number]) => number): number =>
    splits.reduce((sum, split) => sum + of(split), 0);
  const tokens = total(({ documentTokens }) => documentTokens);
  const cut = total(({ truncatedDocuments }) => truncatedDocuments);
  const documents = total((split) => split.documents);
  return html`<tr>
    <th scope="row"><code>${runName(run)}</code></th>
    <td>${count(tokens)}</td>
    <td>${count(cut)} of ${count(documents)}</td>
    ${columns.map(({ metric, depths }) =>
      depths.map((depth, i) => {
        const scores = splits.flatMap(({ scores }) => scores[`${metric}_at_${depth}`] ?? []);
        const text =
          scores.length < splits.length
            ? '–'
            : ((100 * scores.reduce((sum, score) => sum + score, 0)) / scores.length).toFixed(2);
        return i === 0 ? html`<td class="first">${text}</td>` : html`<td>${text}</td>`;
      }),
    )}
  </tr> `;
}

function columnsOf(results: readonly TaskResult[]): Column[] {
  const names = new Set(results.flatMap(({ splits }) => splits.flatMap(({ scores }) => Object.keys(scores))));
  return (Object.keys(METRICS) as Column['metric'][]).flatMap((metric) => {
    const depths = [...names]
      .filter((name) => name.startsWith(`${metric}_at_`))
      .map((name) => Number(name.slice(metric.length + 4)))
      .sort((a, b) => a - b);
    return depths.length === 0 ? [] : [{ metric, depths }];
  });
}
