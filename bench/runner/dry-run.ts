import type { Method } from '../../lib/extend/index.js';
import type { TaskName } from '../tasks/index.js';
import { recordedSpeed } from './cache/speeds.js';
import { throwIfAborted, type ReadSplit, type ReadTask, type TextFacts } from './data.js';
import { missingPlaces } from './missing.js';
import { type CheckedModel, textsOf } from './models.js';
import type { BenchHooks, BenchModel, BenchOptions } from './types.js';
import type { Plan } from './plan.js';
import type { Kind } from './types.js';
import { type Prepared, withPrepared } from './prepare.js';
import { sampleSpeed } from './sample-speed.js';
import { workOf } from './work.js';

/** What a run would do. */
export interface DryRun {
  readonly runs: readonly DryRunOfModel[];
  /** An estimate over all of it. */
  readonly seconds: number;
}

/** A model with a strategy. */
export interface DryRunOfModel {
  readonly model: string;
  readonly extend: string;
  /** Longer texts would be cut, in tokens. */
  readonly target: number;
  readonly tasks: readonly DryRunOfTask[];
}

/** A task, over all of its splits. */
export interface DryRunOfTask {
  readonly task: TaskName;
  readonly origin: string;
  readonly splits: number;
  readonly documents: number;
  readonly queries: number;
  /** Of documents and queries as they would be embedded: cut at the target, with prompt and special tokens. */
  readonly tokens: number;
  /** Documents that would be cut. */
  readonly truncated: number;
  /** Documents and queries that need not be computed: the cache holds them, or they are equal to others. */
  readonly ready: number;
  /** An estimate for the others. */
  readonly seconds: number;
}

/**
 * Finds out what a run would do, exactly but for the time, which goes by earlier runs of the model with the method, else
 * by a sample of at most a few seconds. Writes nothing but what the cache keeps of the models' files.
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
        const tasks = prepared.tasks.map((task) => lookAt(prepared, checked, plan, task, counts, speed));
        runs.push({ model: checked.id, extend: plan.spec, target: plan.target, tasks });
      }
    }
    const seconds = runs.flatMap(({ tasks }) => tasks).reduce((all, task) => all + task.seconds, 0);
    return { runs, seconds };
  });
}

/** Tokens of every text before it is cut. */
type Counts = ReadonlyMap<TextFacts, readonly number[]>;

async function countTokens(
  model: BenchModel,
  tasks: readonly ReadTask[],
  { signal, onWait }: BenchHooks,
): Promise<Counts> {
  const counts = new Map<TextFacts, number[]>();
  const splits = tasks.flatMap((task) => task.splits);
  for (const [index, split] of splits.entries()) {
    const { documents, queries } = await split.load();
    for (const [facts, kind] of textsOf(split)) {
      const texts = kind === 'document' ? documents : queries;
      const lengths: number[] = [];
      for (const { text } of texts) {
        throwIfAborted(signal);
        lengths.push(await lengthOf(model, kind, text));
        onWait((index + lengths.length / texts.length / 2) / splits.length, 'counting tokens');
      }
      counts.set(facts, lengths);
    }
  }
  return counts;
}

async function lengthOf(model: BenchModel, kind: Kind, text: string): Promise<number> {
  const { prompts, specialTokens } = model.info;
  const { prefix, suffix } = specialTokens;
  // As embedding does it: prompt and text are one string to the tokenizer.
  const content = await model.tokenize(prompts[kind] + text);
  return prefix.length + content.length + suffix.length;
}

/** @param speed work a second with a method */
function lookAt(
  { store }: Prepared,
  { info }: CheckedModel,
  plan: Plan,
  { task, origin, splits }: ReadTask,
  counts: Counts,
  speed: (method: Method) => number,
): DryRunOfTask {
  const total = { documents: 0, queries: 0, tokens: 0, truncated: 0, ready: 0, seconds: 0 };
  for (const [facts, kind] of splits.flatMap(textsOf)) {
    const lengths = counts.get(facts) ?? [];
    const cut = lengths.map((length) => Math.min(length, plan.target));
    const missing = missingPlaces(store, plan, kind, facts);
    const work = missing.map((i) => workOf(info, plan.method, cut[i] ?? 0));
    total[kind === 'document' ? 'documents' : 'queries'] += lengths.length;
    total.tokens += sum(cut);
    if (kind === 'document') total.truncated += lengths.filter((length) => length > plan.target).length;
    total.ready += lengths.length - missing.length;
    total.seconds += sum(work) / speed(plan.method);
  }
  return { task: task.name, origin, splits: splits.length, ...total };
}

/** Work a second by method: of earlier runs, else measured now, once. */
async function speedOf(
  { store, tasks }: Prepared,
  checked: CheckedModel,
  model: BenchModel,
): Promise<(method: Method) => number> {
  const methods = new Set(checked.plans.map(({ method }) => method));
  const recorded = new Map([...methods].map((method) => [method, recordedSpeed(store, checked, method)]));
  const [first] = tasks.flatMap(({ splits }) => splits);
  const unknown = [...recorded.values()].includes(null);
  const sample = unknown && first !== undefined ? await measureSpeed(model, first) : 0;
  return (method) => recorded.get(method) ?? sample;
}

async function measureSpeed(model: BenchModel, split: ReadSplit): Promise<number> {
  const { documents } = await split.load();
  return sampleSpeed(
    model,
    documents.map(({ text }) => text),
  );
}

function sum(numbers: readonly number[]): number {
  return numbers.reduce((all, number) => all + number, 0);
}
