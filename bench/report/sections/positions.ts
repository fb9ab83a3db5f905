/** Models with RoPE against models with absolute positions, at the same multiples of their native context (Figure 6). */
import { percent } from '../../results/percent.js';
import { type ModelResult, type RunResult, runName } from '../../results/results.js';
import { drawBars } from '../bars.js';
import { html, type Html, type Section, table } from '../html.js';
import { meanName, meanScore, type View } from '../view.js';

const KINDS = { absolute: 'APE', rope: 'RoPE' } as const;
type Kind = keyof typeof KINDS;

/** A model's best run at a target of s × Lo. */
interface Best {
  readonly model: ModelResult;
  readonly kind: Kind;
  readonly s: number;
  readonly run: RunResult;
  readonly score: number;
}

export function positionsSection(view: View): Section | null {
  const all = view.models.flatMap(({ model, complete }) => bestRuns(model, complete));
  const scales = [...new Set(all.map(({ s }) => s))]
    .sort((a, b) => a - b)
    .filter((s) =>
      Object.keys(KINDS).every((kind) => all.some((best) => best.s === s && best.kind === kind)),
    );
  if (!scales.some((s) => s > 1)) return null;
  const best = all.filter(({ s }) => scales.includes(s));
  return {
    id: 'positions',
    title: 'RoPE and absolute positions',
    body: html`<p>
        The best score of any strategy at targets of s × the native context, for models with rotary position
        embeddings (RoPE) and with an absolute position matrix (APE), as in the paper’s Figure 6. Scores are
        the ${meanName(view)} in percent.
      </p>
      <div class="pair">
        <figure>
          <figcaption><span class="key first"></span> APE <span class="key second"></span> RoPE</figcaption>
          ${chart(best, scales, view)}
        </figure>
        ${positionsTable(best, scales)}
      </div> `,
  };
}

function bestRuns(model: ModelResult, runs: readonly RunResult[]): Best[] {
  const kind = model.positionEncoding;
  if (kind !== 'absolute' && kind !== 'rope') return [];
  const best = new Map<number, Best>();
  for (const run of runs) {
    const s = run.target / model.nativeContext;
    const score = meanScore(run);
    if (Number.isInteger(s) && s > 0 && score > (best.get(s)?.score ?? -1))
      best.set(s, { model, kind, s, run, score });
  }
  return [...best.values()];
}

function chart(best: readonly Best[], scales: readonly number[], view: View): Html {
  return drawBars({
    id: 'positions-chart',
    title: 'Models with RoPE and with absolute positions, by target',
    description: `At each multiple of the native context a bar for each model: the best ${meanName(view)} of its strategies. The table beside it has the figures.`,
    domain: [0, Math.max(0.001, ...best.map(({ score }) => score))],
    groups: scales.map((s) => ({
      heading: s === 1 ? 'native context' : `${s} × native context`,
      bars: best
        .filter((entry) => entry.s === s)
        .map(({ model, kind, run, score }) => ({
          name: model.id,
          value: score,
          figure: `${percent(score)} ${runName(run)}`,
          tone: kind === 'absolute' ? 'first' : 'second',
        })),
    })),
  });
}

function positionsTable(best: readonly Best[], scales: readonly number[]): Html {
  const models = [...new Set(best.map(({ model }) => model))];
  const cell = (found: Best | undefined): Html =>
    found === undefined
      ? html`<td class="missing">–</td>`
      : html`<td>
          ${percent(found.score)}<small><code>${runName(found.run)}</code></small>
        </td>`;
  return table({
    id: 'positions-table',
    caption: 'The best score at each target, and the strategy that gives it',
    head: html`<tr>
      <th scope="col">Model</th>
      ${scales.map((s) => html`<th scope="col">${s} × Lo</th>`)}
    </tr>`,
    body: html`<tbody>
      ${models.map(
        (model) =>
          html`<tr>
            <th scope="row">
              ${model.id}<small>${model.positionEncoding === 'rope' ? KINDS.rope : KINDS.absolute}</small>
            </th>
            ${scales.map((s) => cell(best.find((entry) => entry.model === model && entry.s === s)))}
          </tr> `,
      )}
    </tbody>`,
  });
}
