/** Acc@1 of the synthetic tasks by where the fact stands in its document. */
import { sum } from '../../numbers.js';
import { percent } from '../../results/percent.js';
import { type DepthResult, type RunResult, runName } from '../../results/results.js';
import type { BenchTask } from '../../tasks/index.js';
import { heatClass } from '../heat.js';
import { html, type Html, type Section, table } from '../html.js';
import { metricTitle, taskOfRun, type View } from '../view.js';

export function depthsSection(view: View): Section | null {
  const tables = view.tasks.flatMap((task) => depthTable(task, view) ?? []);
  if (tables.length === 0) return null;
  return {
    id: 'depths',
    title: 'By position of the fact',
    body: html`<p>
        The same scores by where in its document the fact stands, over all lengths: what a strategy cuts off
        or blurs is missing at the end or in the middle. results.json has them for each length.
      </p>
      ${tables}`,
  };
}

function depthTable(task: BenchTask, view: View): Html | null {
  const groups = view.models
    .map(({ model, runs }) => ({
      model,
      rows: runs.flatMap((run) => {
        const parts = partsOf(run, task);
        return parts.length === 0 ? [] : [{ name: runName(run), parts }];
      }),
    }))
    .filter(({ rows }) => rows.length > 0);
  const first = groups[0]?.rows[0]?.parts;
  if (first === undefined) return null;
  return table({
    id: `depths-${task.name}`,
    className: 'heat',
    caption: html`<b>${task.title}</b>: ${metricTitle(task)} in percent, by the place of the fact in the
      document`,
    head: html`<tr>
      <th scope="col">Strategy</th>
      ${first.map(({ from, to }) => html`<th scope="col">${100 * from}–${100 * to} %</th>`)}
    </tr>`,
    body: groups.map(
      ({ model, rows }) =>
        html`<tbody>
          <tr class="group">
            <th scope="rowgroup" colspan="${first.length + 1}"><span>${model.id}</span></th>
          </tr>
          ${rows.map(
            ({ name, parts }) =>
              html`<tr class="ours">
                <th scope="row"><code>${name}</code></th>
                ${parts.map(depthCell)}
              </tr> `,
          )}
        </tbody> `,
    ),
  });
}

/** A run's scores by depth, over all lengths; empty where depths are not known. */
function partsOf(run: RunResult, task: BenchTask): DepthResult[] {
  const splits = (taskOfRun(run, task.name)?.splits ?? []).flatMap(({ byDepth }) =>
    byDepth === undefined ? [] : [byDepth],
  );
  return (splits[0] ?? []).map(({ from, to }, i) => {
    const parts = splits.flatMap((split) => split[i] ?? []);
    const queries = sum(parts.map((part) => part.queries));
    const total = sum(parts.map((part) => part.queries * (part.score ?? 0)));
    return { from, to, queries, score: queries === 0 ? null : total / queries };
  });
}

function depthCell({ score, queries }: DepthResult): Html {
  if (score === null) return html`<td class="missing">–</td>`;
  return html`<td class="${heatClass(score)}" title="${queries} queries">${percent(score)}</td>`;
}
