/** Scores by strategy and target context, as in the paper's Figure 5. */
import { percent, shortLength } from '../../results/percent.js';
import { type RunResult, runName } from '../../results/results.js';
import { drawBars, type Group } from '../bars.js';
import { html, type Html, type Section, table } from '../html.js';
import { count } from '../../../lib/format.js';
import {
  baselineOf,
  lexicalRun,
  meanName,
  meanScore,
  type ModelView,
  strategyOf,
  type View,
} from '../view.js';

/** A model that was run at several targets. */
interface Extended {
  readonly model: string;
  readonly base: RunResult | null;
  readonly targets: readonly number[];
  /** A strategy with its settings, without its target → its runs by target. */
  readonly strategies: ReadonlyMap<string, ReadonlyMap<number, RunResult>>;
}

export function targetsSection(view: View): Section | null {
  const models = view.models.flatMap(extendedOf);
  if (models.length === 0) return null;
  return {
    id: 'targets',
    title: 'By target context',
    body: html`<p>The ${meanName(view)} in percent, by strategy and target context (the paper’s Figure 5).</p>
      <div class="charts">${charts(models, view)}</div>
      <details>
        <summary>The same as tables</summary>
        ${models.map((model, i) => targetsTable(model, `targets-table-${i + 1}`, view))}
      </details> `,
  };
}

function extendedOf(view: ModelView): Extended[] {
  const base = baselineOf(view);
  const extended = view.complete.filter((run) => run !== base);
  const targets = [...new Set(extended.map(({ target }) => target))].sort((a, b) => a - b);
  if (targets.length < 2) return [];
  const names = [...new Set(extended.map(strategyOf))];
  const strategies = new Map(
    names.map((name) => [
      name,
      new Map(extended.filter((run) => strategyOf(run) === name).map((run) => [run.target, run])),
    ]),
  );
  return [{ model: view.model.id, base, targets, strategies }];
}

/** One chart per model, all with the same scale. */
function charts(models: readonly Extended[], view: View): Html[] {
  const all = models.flatMap(({ base, strategies }) => [
    ...(base === null ? [] : [base]),
    ...[...strategies.values()].flatMap((runs) => [...runs.values()]),
  ]);
  const domain = [0, Math.max(0.001, ...all.map((run) => meanScore(run)))] as const;
  return models.map(
    ({ model, base, targets, strategies }, i) =>
      html`<figure>
        <figcaption>
          <b>${model}</b
          >${base === null ? null : html`, the line is <code>${runName(base)}</code>`}${besideOf(view)}
        </figcaption>
        ${drawBars({
          id: `targets-chart-${i + 1}`,
          title: `Scores of ${model} by target context`,
          description: `A bar for each strategy and target: the ${meanName(view)} in percent. The tables below the pictures have the figures.`,
          domain,
          reference:
            base === null
              ? null
              : { value: meanScore(base), name: `${runName(base)} ${percent(meanScore(base))}` },
          groups: [...strategies.values()].map((runs): Group => ({
            heading: null,
            bars: targets.flatMap((target, step) => {
              const run = runs.get(target);
              if (run === undefined) return [];
              const value = meanScore(run);
              const strength = 0.4 + (0.6 * (step + 1)) / targets.length;
              return [{ name: runName(run), value, figure: percent(value), tone: 'first', strength }];
            }),
          })),
        })}
      </figure> `,
  );
}

function besideOf(view: View): string | null {
  const lexical = lexicalRun(view);
  return lexical === null ? null : `; BM25 has ${percent(meanScore(lexical))}`;
}

function targetsTable({ model, base, targets, strategies }: Extended, id: string, view: View): Html {
  const row = (name: string, runs: ReadonlyMap<number, RunResult>): Html =>
    html`<tr>
      <th scope="row"><code>${name}</code></th>
      ${targets.map((target) => {
        const run = runs.get(target);
        return run === undefined
          ? html`<td class="missing">–</td>`
          : html`<td>${percent(meanScore(run))}</td>`;
      })}
    </tr> `;
  const beside =
    base === null
      ? null
      : html`; <code>${runName(base)}</code> at ${count(base.target)} tokens: ${percent(meanScore(base))}`;
  return table({
    id,
    caption: html`${model}, ${meanName(view)} in percent, by target in tokens${beside}`,
    head: html`<tr>
      <th scope="col">Strategy</th>
      ${targets.map((target) => html`<th scope="col">${shortLength(target)}</th>`)}
    </tr>`,
    body: html`<tbody>
      ${[...strategies].map(([name, runs]) => row(name, runs))}
    </tbody>`,
  });
}
