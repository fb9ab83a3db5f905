/** Gain of each strategy over the same model without extension, as in the paper's Figure 1(c). */
import { type ModelResult, type RunResult, runName } from '../../results/results.js';
import { type Bar, drawBars } from '../bars.js';
import { html, type Html, type Part, type Section, table } from '../html.js';
import { signed } from '../numbers.js';
import {
  baselineOf,
  meanName,
  meanScore,
  type ModelView,
  strategyOf,
  taskOfRun,
  type View,
  type Paper,
  paperOf,
} from '../view.js';
import { taskHeading } from './scores.js';

/** A model that was run without a strategy and with some. */
interface Compared {
  readonly model: ModelResult;
  readonly base: RunResult;
  readonly runs: readonly RunResult[];
}

export function gainsSection(view: View): Section | null {
  const models = view.models.flatMap(comparedOf);
  if (models.length === 0) return null;
  const several = models.some(({ runs }) => bestTargets(runs).length < runs.length);
  return {
    id: 'gains',
    title: 'Gains',
    body: html`<p>
        What each strategy${several ? ' at its best target' : null} adds to the same model without one, in
        points of the ${meanName(view)} (the paper’s Figure
        1c).${
          models.some((compared) => hasPaperGain(compared, view))
            ? ' A tick across a bar: the gain in the paper.'
            : null
        }
      </p>
      <div class="charts">${charts(models, view)}</div>
      ${gainsTable(models, view)}`,
  };
}

function comparedOf(view: ModelView): Compared[] {
  const base = baselineOf(view);
  const runs = view.complete.filter((run) => run !== base);
  return base === null || runs.length === 0 ? [] : [{ model: view.model, base, runs }];
}

/** The run with the best mean of each strategy. */
function bestTargets(runs: readonly RunResult[]): RunResult[] {
  const best = new Map<string, RunResult>();
  for (const run of runs) {
    const found = best.get(strategyOf(run));
    if (found === undefined || meanScore(run) > meanScore(found)) best.set(strategyOf(run), run);
  }
  return [...best.values()];
}

/** One chart per model, all with the same scale. */
function charts(models: readonly Compared[], view: View): Html[] {
  const pictures = models.map((compared) => ({
    name: compared.model.id,
    base: runName(compared.base),
    bars: bestTargets(compared.runs).map((run) => barOf(compared, run, view)),
  }));
  const all = pictures.flatMap(({ bars }) => bars.flatMap(({ value, mark }) => [value, mark ?? 0]));
  const domain = [Math.min(0, ...all), Math.max(0.001, ...all)] as const;
  return pictures.map(
    ({ name, base, bars }, i) =>
      html`<figure>
        <figcaption><b>${name}</b> over <code>${base}</code></figcaption>
        ${drawBars({
          id: `gains-chart-${i + 1}`,
          title: `Gains of ${name} over ${base}`,
          description: `A bar for each strategy, in points of the ${meanName(view)}. The table of gains has the figures.`,
          domain,
          groups: [{ heading: null, bars }],
        })}
      </figure> `,
  );
}

function barOf({ model, base }: Compared, run: RunResult, view: View): Bar {
  const value = meanScore(run) - meanScore(base);
  const mark = difference(paperOf(view, model, run)?.average, paperOf(view, model, base)?.average);
  return { name: runName(run), value, figure: signed(value), tone: value < 0 ? 'loss' : 'gain', mark };
}

function hasPaperGain(compared: Compared, view: View): boolean {
  return bestTargets(compared.runs).some((run) => barOf(compared, run, view).mark !== null);
}

function difference(after: number | null | undefined, before: number | null | undefined): number | null {
  return after === null || after === undefined || before === null || before === undefined
    ? null
    : after - before;
}

/** A column: its heading, our score and the paper's. */
interface Column {
  readonly heading: Part;
  readonly ours: (run: RunResult) => number | null;
  readonly paper: (paper: Paper | null) => number | null;
}

function gainsTable(models: readonly Compared[], view: View): Html {
  const columns = columnsOf(view);
  const row = (name: Part, kind: string, differences: readonly (number | null)[]): Html =>
    html`<tr class="${kind}">
      <th scope="row">${name}</th>
      ${differences.map(gainCell)}
    </tr> `;
  const rows = ({ model, base, runs }: Compared): Html[] =>
    runs.flatMap((run) => {
      const [after, before] = [paperOf(view, model, run), paperOf(view, model, base)];
      const ours = columns.map((column) => difference(column.ours(run), column.ours(base)));
      const theirs = columns.map((column) => difference(column.paper(after), column.paper(before)));
      const own = row(html`<code>${runName(run)}</code>`, 'ours', ours);
      return theirs.every((gain) => gain === null) ? [own] : [own, row('paper', 'paper', theirs)];
    });
  return table({
    id: 'gains-table',
    caption: 'Gains by task, in points: percent of the score',
    head: html`<tr>
      <th scope="col">Strategy</th>
      ${columns.map(({ heading }) => html`<th scope="col">${heading}</th>`)}
    </tr>`,
    body: models.map(
      (compared) =>
        html`<tbody>
          <tr class="group">
            <th scope="rowgroup" colspan="${columns.length + 1}">
              <span
                >${compared.model.id}<small>over <code>${runName(compared.base)}</code></small></span
              >
            </th>
          </tr>
          ${rows(compared)}
        </tbody> `,
    ),
  });
}

function columnsOf({ tasks }: View): Column[] {
  const columns = tasks.map((task): Column => ({
    heading: taskHeading(task),
    ours: (run) => taskOfRun(run, task.name)?.main ?? null,
    paper: (paper) => paper?.main(task.name) ?? null,
  }));
  if (tasks.length === 1) return columns;
  const heading = html`Mean<small>${tasks.length} tasks</small>`;
  return [...columns, { heading, ours: meanScore, paper: (paper) => paper?.average ?? null }];
}

function gainCell(gain: number | null): Html {
  if (gain === null) return html`<td class="missing">–</td>`;
  const text = signed(gain);
  return text.startsWith('−') ? html`<td class="down">${text}</td>` : html`<td>${text}</td>`;
}
