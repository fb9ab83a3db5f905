import { throwIfAborted } from '../../lib/abort.js';
import { LongEmbedError } from '../../lib/error.js';
import { evaluate } from '../metrics/evaluate.js';
import type { Ranking } from '../metrics/ranking.js';
import { search } from '../metrics/search.js';
import { mean, sum } from '../numbers.js';
import type { SplitResult, TaskResult } from '../results/results.js';
import type { Dataset } from '../data/dataset.js';
import type { ReadSplit, ReadTask, TextStats } from './data.js';
import { fuse, searchWords } from './lexical.js';
import { bestOf, type Scoring } from './scoring.js';
import { scoresByDepth } from './by-depth.js';
import { STOPPED } from '../tasks/task.js';
import { planName } from './plan.js';
import { embedTexts, type Embedded, type Text } from './embed-texts.js';
import type { Prepared } from './prepare.js';
import type { Meter } from './progress.js';
import type { BenchHooks, BenchOptions, Kind } from './types.js';
import type { CheckedModel } from './models.js';
import { expectedOf, type ModelRun, workOf } from './workload.js';

/** A model with a strategy, and everything it needs to run a task. */
interface Worker extends ModelRun {
  readonly prepared: Prepared;
  readonly options: BenchOptions;
  readonly hooks: BenchHooks;
  readonly meter: Meter;
}

/** A task's scores, and the seconds its embeddings took, now or when they were cached. */
export interface FinishedTask {
  readonly result: TaskResult;
  readonly seconds: number;
}

/**
 * Runs a task split by split, with the texts and vectors of one split in memory at a time.
 * @returns one result per scoring, of the same vectors
 * @throws LongEmbedError what embedding a text throws, with the task and the split
 */
export async function runTask(
  worker: Worker,
  task: ReadTask,
  scorings: readonly Scoring[],
): Promise<FinishedTask[]> {
  const splits = await inEverySplit(task, worker.hooks, (split) => runSplit(worker, task, split, scorings));
  return scorings.map((_scoring, i) =>
    finished(
      task,
      splits.map((runs) => runs[i]),
    ),
  );
}

/** Runs a task with the lexical baseline. @throws LongEmbedError ERR_ABORTED */
export async function runLexicalTask(task: ReadTask, hooks: BenchHooks): Promise<FinishedTask> {
  const splits = await inEverySplit(task, hooks, async (split): Promise<RunSplit> => {
    const data = await split.load();
    hooks.onWait(0, `counting the words of ${task.task.name}`);
    const begin = performance.now();
    const rankings = await searchWords(data.queries, data.documents, hooks.signal);
    const seconds = (performance.now() - begin) / 1000;
    return { result: splitResult(task, split, data, rankings, { tokens: 0, truncated: 0 }), seconds };
  });
  return finished(task, splits);
}

/** A split's scores, and the seconds its embeddings took. */
interface RunSplit {
  readonly result: SplitResult;
  readonly seconds: number;
}

async function inEverySplit<T>(
  { task, splits }: ReadTask,
  { signal }: BenchHooks,
  run: (split: ReadSplit) => Promise<T>,
): Promise<T[]> {
  const results: T[] = [];
  for (const split of splits) {
    throwIfAborted(signal, STOPPED);
    const result = await run(split).catch((error: unknown) => {
      throw inSplit(error, `${task.name} (${split.name})`);
    });
    results.push(result);
  }
  return results;
}

function finished({ task }: ReadTask, splits: readonly (RunSplit | undefined)[]): FinishedTask {
  const all = splits.filter((split) => split !== undefined);
  const results = all.map(({ result }) => result);
  const main = mean(results.map(({ scores }) => scores[task.mainMetric] ?? 0));
  return {
    result: { task: task.name, mainMetric: task.mainMetric, main, splits: results },
    seconds: sum(all.map(({ seconds }) => seconds)),
  };
}

async function runSplit(
  worker: Worker,
  task: ReadTask,
  split: ReadSplit,
  scorings: readonly Scoring[],
): Promise<RunSplit[]> {
  const data = await split.load();
  const { documents, queries } = data;
  const { dimensions } = worker.options;
  const { signal } = worker.hooks;
  const embed = (texts: readonly Text[], stats: TextStats, kind: Kind): Promise<Embedded> =>
    embedGroup(worker, { task: task.task.name, split: split.name, kind }, texts, stats);
  const found = await embed(documents, split.documents, 'document');
  const asked = await embed(queries, split.queries, 'query');
  const words = scorings.some(({ hybrid }) => hybrid) ? await searchWords(queries, documents, signal) : null;
  const runs: RunSplit[] = [];
  for (const { aggregate, hybrid } of scorings) {
    const rankings = await search(
      asked.vectors.flatMap((vectors) => cut(vectors, dimensions)),
      found.vectors.map((vectors) => cut(vectors, dimensions)),
      { queries: queries.map(({ id }) => id), documents: documents.map(({ id }) => id) },
      { best: bestOf(aggregate), signal },
    );
    const final = hybrid && words !== null ? fuse(rankings, words) : rankings;
    const result = splitResult(task, split, data, final, found);
    runs.push({ result, seconds: found.seconds + asked.seconds });
  }
  return runs;
}

function splitResult(
  { task }: ReadTask,
  { name, length }: ReadSplit,
  { documents, queries, relevance, depths }: Dataset,
  rankings: ReadonlyMap<string, Ranking>,
  { tokens, truncated }: Pick<Embedded, 'tokens' | 'truncated'>,
): SplitResult {
  const { mean: scores, perQuery } = evaluate(rankings, relevance, { perQuery: task.mainMetric });
  return {
    name,
    length,
    documents: documents.length,
    queries: queries.length,
    documentTokens: tokens,
    truncatedDocuments: truncated,
    scores,
    perQuery: Object.fromEntries(perQuery),
    ...(depths === undefined ? {} : { byDepth: scoresByDepth(perQuery, depths) }),
  };
}

/** Tokens of a batch: more are no faster on a CPU, and a run that is killed loses them. */
const BATCH_TOKENS = 4096;

/**
 * Tokens per batch with which the same command gives the same bytes, however often it is interrupted. On a CPU our graph gives a
 * text the same bits in any batch; GPUs and llama.cpp's context do not promise that.
 */
function batchTokensFor({ engine, placement }: CheckedModel['info']): number {
  return engine === 'graph' && placement.every(({ device }) => device === 'CPU') ? BATCH_TOKENS : 1;
}

/** The first numbers of every vector: `search` scales them to length 1. */
function cut(vectors: readonly Float32Array[], dimensions: number | null): readonly Float32Array[] {
  return dimensions === null ? vectors : vectors.map((vector) => vector.subarray(0, dimensions));
}

async function embedGroup(
  { prepared, options, hooks, meter, checked, plan, throughput }: Worker,
  where: { readonly task: ReadTask['task']['name']; readonly split: string; readonly kind: Kind },
  texts: readonly Text[],
  stats: TextStats,
): Promise<Embedded> {
  const report = (): void => {
    const { progress } = meter;
    if (progress !== null) hooks.onProgress(progress);
  };
  return embedTexts(
    texts,
    { model: await prepared.slot.get(checked.path), plan, kind: where.kind },
    prepared.store,
    { batchTokens: options.batchTokens ?? batchTokensFor(checked.info), signal: hooks.signal },
    {
      onMissing: (places) => {
        const place = { model: checked.id, extend: planName(plan), ...where, texts: texts.length };
        meter.begin(place, throughput, stats, expectedOf(checked, plan, stats, places));
        report();
      },
      onAdvance: (tokens) => {
        meter.advance(tokens);
        report();
      },
      onComputed: (tokens) => {
        const seconds = meter.done(tokens, workOf(checked.info, plan.method, tokens));
        report();
        return seconds;
      },
    },
  );
}

function inSplit(error: unknown, where: string): unknown {
  if (!(error instanceof LongEmbedError) || error.code === 'ERR_ABORTED') return error;
  return new LongEmbedError(error.code, `${where}: ${error.message}`, { cause: error });
}
