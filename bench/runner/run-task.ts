import { throwIfAborted } from '../../lib/abort.js';
import { LongEmbedError } from '../../lib/error.js';
import { evaluate } from '../metrics/evaluate.js';
import { search } from '../metrics/search.js';
import { mean } from '../numbers.js';
import type { SplitResult, TaskResult } from '../results/results.js';
import type { ReadSplit, ReadTask, TextStats } from './data.js';
import { STOPPED } from '../tasks/task.js';
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
interface FinishedTask {
  readonly result: TaskResult;
  readonly seconds: number;
}

/**
 * Runs a task split by split, with the texts and vectors of one split in memory at a time.
 * @throws LongEmbedError what embedding a text throws, with the task and the split
 */
export async function runTask(worker: Worker, { task, splits }: ReadTask): Promise<FinishedTask> {
  const results: SplitResult[] = [];
  let seconds = 0;
  for (const split of splits) {
    throwIfAborted(worker.hooks.signal, STOPPED);
    const run = await runSplit(worker, task, split).catch((error: unknown) => {
      throw inSplit(error, `${task.name} (${split.name})`);
    });
    results.push(run.result);
    seconds += run.seconds;
  }
  const main = results.map(({ scores }) => scores[task.mainMetric] ?? 0);
  const result = { task: task.name, mainMetric: task.mainMetric, main: mean(main), splits: results };
  return { result, seconds };
}

async function runSplit(
  worker: Worker,
  task: ReadTask['task'],
  split: ReadSplit,
): Promise<{ result: SplitResult; seconds: number }> {
  const { documents, queries, relevance } = await split.load();
  const embed = (texts: readonly Text[], stats: TextStats, kind: Kind): Promise<Embedded> =>
    embedGroup(worker, { task: task.name, split: split.name, kind }, texts, stats);
  const found = await embed(documents, split.documents, 'document');
  const asked = await embed(queries, split.queries, 'query');
  const rankings = await search(
    cut(asked.vectors, worker.options.dimensions),
    cut(found.vectors, worker.options.dimensions),
    { queries: queries.map(({ id }) => id), documents: documents.map(({ id }) => id) },
    { signal: worker.hooks.signal },
  );
  const { mean: scores, perQuery } = evaluate(rankings, relevance, { perQuery: task.mainMetric });
  const result = {
    name: split.name,
    length: split.length,
    documents: documents.length,
    queries: queries.length,
    documentTokens: found.tokens,
    truncatedDocuments: found.truncated,
    scores,
    perQuery: Object.fromEntries(perQuery),
  };
  return { result, seconds: found.seconds + asked.seconds };
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
        const place = { model: checked.id, extend: plan.spec, ...where, texts: texts.length };
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
