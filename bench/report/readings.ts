/** A sentence or two for each section that say what its figures mean, with the figures that say it best. */
import { percent } from '../results/percent.js';
import {
  isLexical,
  isPlain,
  mainScore,
  type ModelResult,
  type RunResult,
  runName,
  type SplitResult,
} from '../results/results.js';
import type { BenchTask } from '../tasks/index.js';
import { count } from '../../lib/format.js';
import { html, type Html, type Part } from './html.js';
import { signed } from './numbers.js';
import { baselineOf, lexicalRun, meanName, meanScore, taskOfRun, type View } from './view.js';

const READINGS: Readonly<Record<string, (view: View) => Part>> = {
  scores: readScores,
  lengths: readLengths,
  depths: readDepths,
  gains: readGains,
  targets: readTargets,
  positions: readPositions,
  details: () =>
    'nDCG@k rewards the right document for standing near the top of the first k, recall@k counts how often it is among them, and MRR is ' +
    'the mean of 1 / its place: a strategy with a high recall@100 and a low nDCG@10 finds the document and ranks it too low.',
  unsupported: () =>
    'These were asked for and cannot be: their absence from the tables says nothing about how well they would do.',
  models: () =>
    'Two runs can be compared if these agree: another prompt, pooling or native context makes another embedding model of the same file.',
  data: () =>
    'Scores of the same data have the same hashes; with other documents to choose from, they mean something else.',
};

/** The sentences of the section with this id, as a paragraph; null where the results do not have what they would say. */
export function readingOf(id: string, view: View): Html | null {
  const reading = READINGS[id]?.(view) ?? null;
  return reading === null ? null : html`<p class="reading">${reading}</p> `;
}

/** A run with its model. */
interface Named {
  readonly model: ModelResult;
  readonly run: RunResult;
}

function name({ model, run }: Named): Html {
  return isLexical(run) ? html`BM25` : html`${model.id} with <code>${runName(run)}</code>`;
}

/** Complete runs of models, without those that count words alone. */
function completeRuns({ models }: View): Named[] {
  return models.flatMap(({ model, complete }) =>
    complete.filter((run) => !isLexical(run)).map((run) => ({ model, run })),
  );
}

function best(runs: readonly Named[], score: (named: Named) => number): Named | null {
  return runs.reduce<Named | null>(
    (found, named) => (found === null || score(named) > score(found) ? named : found),
    null,
  );
}

function readScores(view: View): Part {
  const top = best(completeRuns(view), ({ run }) => meanScore(run));
  const lexical = lexicalRun(view);
  if (top === null) return null;
  const base = view.models.find(({ model }) => model === top.model);
  const plain = base === undefined ? null : baselineOf(base);
  const without =
    plain === null || plain === top.run
      ? null
      : html`; without a strategy that model has ${percent(meanScore(plain))}`;
  const words =
    lexical === null
      ? html`BM25 was not run: <code>--model bm25</code> puts it beside the models. It counts words and knows
          no meaning, and its published average over the six tasks is above that of every single vector.`
      : html`BM25, which counts words and knows no meaning, has ${percent(meanScore(lexical))}:
        ${
          meanScore(lexical) > meanScore(top.run)
            ? 'here, words find more than these vectors'
            : 'here, these vectors find more than words'
        }.`;
  return html`A score of 100 means that the right document is always found first. The highest
  ${meanName(view)} of a model is ${percent(meanScore(top.run))}, of ${name(top)}${without}. ${words}`;
}

/** Scores by length of a task's run, the shortest first. */
function byLength(run: RunResult, task: BenchTask): { length: number; score: number }[] {
  const result = taskOfRun(run, task.name);
  if (result === null) return [];
  return result.splits
    .flatMap((split) =>
      split.length === null ? [] : [{ length: split.length, score: mainScore(result, split) }],
    )
    .toSorted((a, b) => a.length - b.length);
}

/** The model that loses most with length without a strategy, and what a strategy leaves of the loss. */
function readLengths(view: View): Part {
  const task = view.tasks.find(({ kind }) => kind === 'synthetic');
  if (task === undefined) return null;
  const falls = view.models.flatMap((model) => {
    const base = baselineOf(model);
    const scores = base === null ? [] : byLength(base, task);
    const [first, last] = [scores[0], scores.at(-1)];
    if (base === null || first === undefined || last === undefined || first === last) return [];
    const others = model.complete.filter((run) => run !== base).map((run) => ({ model: model.model, run }));
    const kept = best(others, ({ run }) => byLength(run, task).at(-1)?.score ?? 0);
    return [{ from: first, to: last, named: { model: model.model, run: base }, kept }];
  });
  const [fall] = falls.toSorted((a, b) => b.from.score - b.to.score - (a.from.score - a.to.score));
  if (fall === undefined) return null;
  const { from, to, named, kept } = fall;
  const rescued = kept === null ? undefined : byLength(kept.run, task).at(-1)?.score;
  return html`Read a row from left to right: where it pales, documents are longer than what the strategy keeps
  of them. In ${task.title}, ${name(named)} goes from ${percent(from.score)} at ${count(from.length)} tokens
  to ${percent(to.score)} at
  ${count(to.length)}${
    kept === null || rescued === undefined ? null : html`; ${name(kept)} has ${percent(rescued)} there`
  }.`;
}

/** The run whose scores depend most on where the fact stands. */
function readDepths(view: View): Part {
  const spans = view.tasks.flatMap((task) =>
    completeRuns(view).flatMap((named) => {
      const parts = depthScores(taskOfRun(named.run, task.name)?.splits ?? []);
      if (parts.length < 2) return [];
      const sorted = parts.toSorted((a, b) => a.score - b.score);
      const [low, high] = [sorted[0], sorted.at(-1)];
      return low === undefined || high === undefined ? [] : [{ task, named, low, high }];
    }),
  );
  const [widest] = spans.toSorted((a, b) => b.high.score - b.low.score - (a.high.score - a.low.score));
  if (widest === undefined) return null;
  const { task, named, low, high } = widest;
  const place = ({ from, to }: { from: number; to: number }): string => `${100 * from}–${100 * to} %`;
  return html`An even row means that the place does not matter. The most uneven one is ${name(named)} in
  ${task.title}: ${percent(high.score)} where the fact stands at ${place(high)} of the document, and
  ${percent(low.score)} at ${place(low)}.`;
}

function depthScores(splits: readonly SplitResult[]): { from: number; to: number; score: number }[] {
  const parts = splits.flatMap(({ byDepth }) => byDepth ?? []);
  const starts = [...new Set(parts.map(({ from }) => from))];
  return starts.flatMap((from) => {
    const same = parts.filter((part) => part.from === from && part.score !== null && part.queries > 0);
    const queries = same.reduce((total, part) => total + part.queries, 0);
    const total = same.reduce((sum, part) => sum + part.queries * (part.score ?? 0), 0);
    const to = same[0]?.to;
    return queries === 0 || to === undefined ? [] : [{ from, to, score: total / queries }];
  });
}

function readGains(view: View): Part {
  const gains = view.models.flatMap((model) => {
    const base = baselineOf(model);
    if (base === null) return [];
    return model.complete
      .filter((run) => run !== base)
      .map((run) => ({ named: { model: model.model, run }, gain: meanScore(run) - meanScore(base) }));
  });
  const sorted = gains.toSorted((a, b) => b.gain - a.gain);
  const [most, least] = [sorted[0], sorted.at(-1)];
  if (most === undefined || least === undefined) return null;
  const helped = gains.filter(({ gain }) => gain > 0).length;
  const range =
    most === least
      ? html`${signed(most.gain)} points, of ${name(most.named)}`
      : html`from ${signed(most.gain)} points, of ${name(most.named)}, to ${signed(least.gain)}, of
        ${name(least.named)}`;
  return html`A bar to the right is a strategy that helps, one to the left one that harms. ${helped} of
    ${gains.length} ${gains.length === 1 ? 'run does' : 'runs do'} better than the same model without a
    strategy: ${range}. A gain of a few points on few documents may be chance:
    <code>longembed compare</code> tests it.`;
}

function readTargets(view: View): Part {
  const runs = completeRuns(view).filter(({ run }) => isPlain(run) && run.method !== 'none');
  const top = best(runs, ({ run }) => meanScore(run));
  if (top === null) return null;
  const longest = Math.max(...runs.filter(({ model }) => model === top.model).map(({ run }) => run.target));
  return html`Bars that grow with the target mean that reading further pays; bars that shrink, that the
  strategy blurs what it stretches. The best is
  ${name(top)}${top.run.target === longest ? ', the longest target tried' : ', not the longest target tried'}.`;
}

function readPositions(view: View): Part {
  const of = (kind: string): Named | null =>
    best(
      completeRuns(view).filter(({ model }) => model.positionEncoding === kind),
      ({ run }) => meanScore(run),
    );
  const [rope, absolute] = [of('rope'), of('absolute')];
  if (rope === null || absolute === null) return null;
  return html`Where RoPE’s bars hold up at larger multiples and APE’s do not, rotary positions stretch better,
  which is what the paper found. Here the best of each is ${percent(meanScore(rope.run))} (RoPE,
  ${name(rope)}) and ${percent(meanScore(absolute.run))} (APE, ${name(absolute)}).`;
}
