import { throwIfAborted } from '../../lib/abort.js';
import type { Method } from '../../lib/extend/index.js';
import { sum } from '../numbers.js';
import { LEXICAL_ID } from '../results/results.js';
import type { TaskName } from '../tasks/index.js';
import type { ReadSplit, ReadTask, TextStats } from './data.js';
import { LEXICAL_CHARACTERS_PER_S } from './lexical.js';
import { type CheckedModel, textsOf } from './models.js';
import { STOPPED } from '../tasks/task.js';
import { type Plan, planName, tokensOf } from './plan.js';
import { type Prepared, withPrepared } from './prepare.js';
import type { RemoteModel } from '../remote/remote-model.js';
import type { BenchHooks, BenchModel, BenchOptions, Kind, LocalModel } from './types.js';
import { missingPlaces, recordedSpeed, sampleSpeed, workOf } from './workload.js';

/** What a run would do. */
export interface DryRun {
  readonly runs: readonly DryRunOfModel[];
  /** Estimated time of everything. */
  readonly seconds: number;
}

/** A model with a strategy. */
export interface DryRunOfModel {
  readonly model: string;
  readonly extend: string;
  /** Longer texts would be cut, in tokens; null: none is, as by the lexical baseline. */
  readonly target: number | null;
  readonly tasks: readonly DryRunOfTask[];
  /** A server's model; null: this machine's. */
  readonly remote: DryRunOfServer | null;
}

/** What a server would be asked for. */
export interface DryRunOfServer {
  /** Of texts that are not cached, as sent. */
  readonly tokens: number;
  /** Whether tokens are counted by the model's own tokenizer.json; if not, they are estimated. */
  readonly exact: boolean;
  /** Price of the tokens; null: the user gave none. */
  readonly price: number | null;
}

/** A task, over all of its splits. */
export interface DryRunOfTask {
  readonly task: TaskName;
  readonly origin: string;
  readonly splits: number;
  readonly documents: number;
  readonly queries: number;
  /** Of documents and queries as embedded: cut at the target, with prompt and special tokens. */
  readonly tokens: number;
  /** Number of documents that would be cut. */
  readonly truncated: number;
  /** Documents and queries that need not be computed: cached, or equal to others. */
  readonly ready: number;
  /** Tokens of the others. */
  readonly tokensToCompute: number;
  /** Estimated time for the others. */
  readonly seconds: number;
}

/**
 * Finds out what a run would do. Everything is exact except the time, which is estimated from earlier runs of the model with
 * the method, or from a sample of at most a few seconds. Only hashes of the model files are written, to the cache.
 * @throws LongEmbedError as `runBench` before anything is computed
 */
export function dryRun(options: BenchOptions, hooks: BenchHooks): Promise<DryRun> {
  return withPrepared(options, hooks, async (prepared) => {
    const runs: DryRunOfModel[] = [];
    for (const checked of prepared.models) {
      const model = await prepared.slot.get(checked.path);
      const counts = await countTokens(model, prepared.tasks, hooks);
      const speed = await speedOf(prepared, checked, model);
      for (const plan of checked.plans) {
        const tasks = prepared.tasks.map((task) =>
          estimateTask(prepared, checked, plan, task, counts, speed),
        );
        const remote = 'remote' in model ? serverOf(model, tasks) : null;
        runs.push({ model: checked.id, extend: planName(plan), target: plan.target, tasks, remote });
      }
    }
    if (options.lexical === true) runs.push(lexicalDryRun(prepared.tasks));
    const seconds = sum(runs.flatMap(({ tasks }) => tasks.map((task) => task.seconds)));
    return { runs, seconds };
  });
}

function serverOf(model: RemoteModel, tasks: readonly DryRunOfTask[]): DryRunOfServer {
  const tokens = sum(tasks.map(({ tokensToCompute }) => tokensToCompute));
  return { tokens, exact: model.countsExactly, price: model.spending.priceOf(tokens) };
}

/** The lexical baseline computes no vectors: the time is that of counting words. */
function lexicalDryRun(tasks: readonly ReadTask[]): DryRunOfModel {
  return {
    model: LEXICAL_ID,
    extend: 'lexical',
    target: null,
    remote: null,
    tasks: tasks.map(({ task, origin, splits }) => {
      const stats = splits.flatMap((split) => [split.documents, split.queries]);
      const characters = sum(stats.flatMap((texts) => texts.characters));
      return {
        task: task.name,
        origin,
        splits: splits.length,
        documents: sum(splits.map(({ documents }) => documents.hashes.length)),
        queries: sum(splits.map(({ queries }) => queries.hashes.length)),
        tokens: 0,
        truncated: 0,
        ready: sum(stats.map(({ hashes }) => hashes.length)),
        tokensToCompute: 0,
        seconds: characters / LEXICAL_CHARACTERS_PER_S,
      };
    }),
  };
}

/** Tokens of every text before it is cut. */
type Counts = ReadonlyMap<TextStats, readonly number[]>;

async function countTokens(
  model: BenchModel,
  tasks: readonly ReadTask[],
  { signal, onWait }: BenchHooks,
): Promise<Counts> {
  const counts = new Map<TextStats, number[]>();
  const splits = tasks.flatMap((task) => task.splits);
  for (const [index, split] of splits.entries()) {
    const { documents, queries } = await split.load();
    for (const [stats, kind] of textsOf(split)) {
      const texts = kind === 'document' ? documents : queries;
      const lengths: number[] = [];
      for (const { text } of texts) {
        throwIfAborted(signal, STOPPED);
        lengths.push(await lengthOf(model, kind, text));
        onWait((index + lengths.length / texts.length / 2) / splits.length, 'counting tokens');
      }
      counts.set(stats, lengths);
    }
  }
  return counts;
}

async function lengthOf(model: BenchModel, kind: Kind, text: string): Promise<number> {
  const { prompts, specialTokens } = model.info;
  const { prefix, suffix } = specialTokens;
  // As in embedding: prompt and text are tokenized as one string.
  const content = await tokensOf(model, prompts[kind] + text);
  return prefix.length + content + suffix.length;
}

/** @param speed work per second with a method */
function estimateTask(
  { store }: Prepared,
  { info }: CheckedModel,
  plan: Plan,
  { task, origin, splits }: ReadTask,
  counts: Counts,
  speed: (method: Method) => number,
): DryRunOfTask {
  const total = {
    documents: 0,
    queries: 0,
    tokens: 0,
    truncated: 0,
    ready: 0,
    tokensToCompute: 0,
    seconds: 0,
  };
  for (const [stats, kind] of splits.flatMap(textsOf)) {
    const lengths = counts.get(stats) ?? [];
    const cut = lengths.map((length) => Math.min(length, plan.target));
    const missing = missingPlaces(store, plan, kind, stats);
    const work = missing.map((i) => workOf(info, plan.method, cut[i] ?? 0));
    total[kind === 'document' ? 'documents' : 'queries'] += lengths.length;
    total.tokens += sum(cut);
    if (kind === 'document') total.truncated += lengths.filter((length) => length > plan.target).length;
    total.ready += lengths.length - missing.length;
    total.tokensToCompute += sum(missing.map((i) => cut[i] ?? 0));
    total.seconds += sum(work) / speed(plan.method);
  }
  return { task: task.name, origin, splits: splits.length, ...total };
}

/** Work per second by method: from earlier runs, or measured once. */
async function speedOf(
  { store, tasks }: Prepared,
  checked: CheckedModel,
  model: BenchModel,
): Promise<(method: Method) => number> {
  const methods = new Set(checked.plans.map(({ method }) => method));
  const recorded = new Map([...methods].map((method) => [method, recordedSpeed(store, checked, method)]));
  const [first] = tasks.flatMap(({ splits }) => splits);
  const unknown = [...recorded.values()].includes(null);
  let sample = 0;
  // Trying a server would cost money.
  if ('remote' in model) sample = workOf(checked.info, 'none', 1) * REMOTE_TOKENS_PER_SECOND;
  else if (unknown && first !== undefined) sample = await measureSpeed(model, first);
  return (method) => recorded.get(method) ?? sample;
}

/** What a server is assumed to compute until a run has shown it. */
const REMOTE_TOKENS_PER_SECOND = 20_000;

async function measureSpeed(model: LocalModel, split: ReadSplit): Promise<number> {
  const { documents } = await split.load();
  return sampleSpeed(
    model,
    documents.map(({ text }) => text),
  );
}
