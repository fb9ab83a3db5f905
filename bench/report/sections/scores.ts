/** The main table: every model with every strategy, and the paper's scores below ours. */
import { percent } from '../../results/percent.js';
import { type ModelResult, type RunResult, runName, isLexical } from '../../results/results.js';
import type { Task } from '../../tasks/task.js';
import { METHODS, STRATEGIES } from '../../../lib/extend/index.js';
import { html, type Html, type Part, type Section, table } from '../html.js';
import { count } from '../../../lib/format.js';
import {
  lexicalRun,
  metricTitle,
  type ModelView,
  taskOfRun,
  type View,
  type Paper,
  paperOf,
} from '../view.js';

/** A column: its heading, our score and the paper's. */
interface Column {
  readonly heading: Part;
  readonly ours: (run: RunResult) => number | null;
  readonly paper: (paper: Paper) => number | null;
}

export function scoresSection(view: View): Section | null {
  const models = view.models.filter(({ runs }) => runs.length > 0);
  if (models.length === 0) return null;
  const columns = columnsOf(view);
  const scores = table({
    id: 'scores-table',
    className: 'scores',
    caption: caption(view),
    head: html`<tr>
      <th scope="col">Strategy</th>
      <th scope="col">Target<small>tokens</small></th>
      ${columns.map(({ heading }) => html`<th scope="col">${heading}</th>`)}
    </tr>`,
    body: body(models, columns, view),
  });
  return { id: 'scores', title: 'Scores', body: html`${scores}${notes(view)}` };
}

function columnsOf(view: View): Column[] {
  const columns = view.tasks.map((task): Column => ({
    heading: taskHeading(task),
    ours: (run) => taskOfRun(run, task.name)?.main ?? null,
    paper: ({ main }) => main(task.name),
  }));
  const hasAverage = view.models.some(({ runs }) => runs.some(({ average }) => average !== null));
  if (!hasAverage) return columns;
  const heading = html`Avg.<small>all six</small>`;
  return [...columns, { heading, ours: ({ average }) => average, paper: ({ average }) => average }];
}

export function taskHeading(task: Task): Html {
  return html`${task.title}<small>${metricTitle(task)}</small>`;
}

function body(models: readonly ModelView[], columns: readonly Column[], view: View): Html[] {
  const best = columns.map(({ ours }) => bestOf(models.flatMap(({ runs }) => runs.map(ours))));
  return models.map(({ model, runs }) => {
    const own = columns.map(({ ours }) => bestOf(runs.map(ours)));
    const row = (run: RunResult): Html =>
      html`<tr>
          <th scope="row"><code>${runName(run)}</code></th>
          <td>${isLexical(run) ? '–' : count(run.target)}</td>
          ${columns.map(({ ours }, i) => {
            const score = ours(run);
            const figure = percent(score);
            if (score === null || (figure !== own[i] && figure !== best[i])) return figureCell(score);
            return html`<td${figure === best[i] ? html` class="best"` : null}><strong>${figure}</strong></td>`;
          })}
        </tr>
        ${paperRow(model, run, columns, view)}`;
    return html`<tbody>
      <tr class="group">
        <th scope="rowgroup" colspan="${columns.length + 2}"><span>${model.id}</span></th>
      </tr>
      ${runs.map(row)} ${runs.some((run) => isLexical(run)) ? null : lexicalRow(columns, view)}
    </tbody> `;
  });
}

/** BM25 again below each model, where it can be compared without searching. */
function lexicalRow(columns: readonly Column[], view: View): Html | null {
  const run = view.models.flatMap(({ runs }) => runs).find((one) => isLexical(one));
  if (run === undefined) return null;
  return html`<tr class="beside">
    <th scope="row">BM25</th>
    <td>–</td>
    ${columns.map(({ ours }) => figureCell(ours(run)))}
  </tr> `;
}

/** The best figure as displayed, so that equal figures are marked alike; null if all are equal. */
function bestOf(scores: readonly (number | null)[]): string | null {
  const known = scores.filter((score) => score !== null);
  if (new Set(known.map(percent)).size < 2) return null;
  return percent(Math.max(...known));
}

function paperRow(model: ModelResult, run: RunResult, columns: readonly Column[], view: View): Html | null {
  const paper = paperOf(view, model, run);
  if (paper === null) return null;
  const source = paper.source === null ? '' : `, ${paper.source}`;
  return html`<tr class="paper">
    <th scope="row">paper${source}</th>
    <td></td>
    ${columns.map((column) => figureCell(column.paper(paper)))}
  </tr> `;
}

function figureCell(score: number | null): Html {
  return score === null ? html`<td class="missing">–</td>` : html`<td>${percent(score)}</td>`;
}

function caption(view: View): Html {
  return html`Scores in percent. <strong>Bold</strong>: the best of a model;
    <strong class="best">shaded</strong>: the best of the
    column.${
      hasPaper(view) ? ' Grey lines: the paper’s figures for the same model, strategy and target.' : null
    }${lexicalRun(view) === null ? null : ' The last line of a model: BM25 on the same data.'}`;
}

function hasPaper(view: View): boolean {
  return view.models.some(({ model, runs }) => runs.some((run) => paperOf(view, model, run) !== null));
}

function notes(view: View): Html {
  const generated = view.tasks.filter(({ name }) =>
    view.results.data.some(({ task, origin }) => task === name && origin.startsWith('generated')),
  );
  return html`<p class="note">${methodList(view)}</p>
    ${
      hasPaper(view) && generated.length > 0
        ? html`<p class="note">
            ${generated.map(({ title }) => title).join(', ')}: generated by the paper’s recipe; the texts
            differ from the paper’s.
          </p> `
        : null
    }`;
}

/** Full names of the methods in the specs. */
function methodList({ models }: View): Html[] {
  const used = new Set(models.flatMap(({ runs }) => runs.map(({ method }) => method)));
  return METHODS.filter((method) => used.has(method)).map(
    (method, i) => html`${i === 0 ? '' : ' · '}<code>${method}</code> ${STRATEGIES[method].title}`,
  );
}
