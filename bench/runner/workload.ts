/** What a run has to compute, and how long that takes. */
import type { Method } from '../../lib/extend/index.js';
import type { ModelInfo } from '../../lib/index.js';
import { sum } from '../numbers.js';
import { embeddingKey, keyOf } from './cache/entries.js';
import type { Store } from './cache/store.js';
import type { TextStats } from './data.js';
import { type CheckedModel, textsOf } from './models.js';
import type { Plan } from './plan.js';
import type { Prepared } from './prepare.js';
import type { Expected, Meter, Throughput } from './progress.js';
import { chunkTokens } from './scoring.js';
import type { Kind, LocalModel } from './types.js';

/** A model with a strategy, and its throughput. */
export interface ModelRun {
  readonly checked: CheckedModel;
  readonly plan: Plan;
  readonly throughput: Throughput;
}

/** The work of a benchmark. */
export interface Workload {
  /** In the order of execution. */
  readonly runs: readonly ModelRun[];
  /** Size of the vectors to compute and store. */
  readonly bytes: number;
}

/** Looks up which texts the cache lacks, and tells the meter about them. */
export function planWorkload({ store, models, tasks }: Prepared, meter: Meter): Workload {
  const runs: ModelRun[] = [];
  let bytes = 0;
  for (const checked of models) {
    for (const plan of checked.plans) {
      const pending = new Map<object, number>();
      for (const split of tasks.flatMap(({ splits }) => splits)) {
        for (const [stats, kind] of textsOf(split)) {
          const places = missingPlaces(store, plan, kind, stats);
          const expected = expectedOf(checked, plan, stats, places);
          pending.set(stats, sum(expected.map(({ work }) => work)));
          const vectors =
            kind === 'query'
              ? places.length
              : sum(expected.map(({ tokens }) => vectorsFor(checked, plan, tokens)));
          bytes += 4 * checked.info.dimensions * vectors;
        }
      }
      const earlier = recordedSpeed(store, checked, plan.method);
      runs.push({ checked, plan, throughput: meter.expect(pending, earlier) });
    }
  }
  return { runs, bytes };
}

/** Approximate number of vectors of a document. */
function vectorsFor({ info }: CheckedModel, { vectors }: Plan, tokens: number): number {
  if (vectors === 'document') return 1;
  return Math.ceil(tokens / (chunkTokens(vectors) ?? info.nativeContext)) + 1;
}

/** Indices of the texts that are not in the cache; of equal texts, the first. */
export function missingPlaces(store: Store, plan: Plan, kind: Kind, { hashes }: TextStats): number[] {
  const seen = new Set<string>();
  const places: number[] = [];
  for (const [i, hash] of hashes.entries()) {
    const name = hash.toString('latin1');
    if (seen.has(name)) continue;
    seen.add(name);
    if (!store.has(embeddingKey(plan.keys[kind], hash))) places.push(i);
  }
  return places;
}

/** Estimates tokens and work of texts from their number of characters. */
export function expectedOf(
  { info, densities }: CheckedModel,
  plan: Plan,
  stats: TextStats,
  places: readonly number[],
): Expected[] {
  const { tokensPerCharacter, overhead } = densities.get(stats) ?? { tokensPerCharacter: 0, overhead: 0 };
  return places.map((i) => {
    const content = Math.ceil((stats.characters[i] ?? 0) * tokensPerCharacter);
    const tokens = Math.max(1, Math.min(content + overhead, plan.target));
    return { tokens, work: workOf(info, plan.method, tokens) };
  });
}

/** What the cost of a text depends on. */
type Shape = Pick<
  ModelInfo,
  'parameters' | 'vocabularySize' | 'dimensions' | 'layers' | 'nativeContext' | 'causal'
>;

/**
 * Approximate number of multiplications for a text: one pass through the weights per token, and attention to every visible
 * token. Only for comparing texts with each other: the speed of a machine is measured.
 */
export function workOf(shape: Shape, method: Method, tokens: number): number {
  const weights = Math.max(shape.parameters - shape.vocabularySize * shape.dimensions, shape.dimensions);
  const window = method === 'pcw' ? Math.min(tokens, shape.nativeContext) : tokens;
  const attention = 2 * shape.layers * shape.dimensions * window * (shape.causal ? 0.5 : 1);
  return tokens * (weights + attention);
}

/** Speed of a model with a method, with work as counted by `workOf`. */
export interface Speed {
  readonly work: number;
  readonly seconds: number;
}

/** A model and the hardware it runs on. */
interface Runner {
  readonly sha256: string;
  readonly info: Pick<ModelInfo, 'device' | 'threads'>;
}

/** Work per second in earlier runs on this machine; null when there were none. */
export function recordedSpeed(store: Store, runner: Runner, method: Method): number | null {
  const speed = readSpeed(store, speedKey(runner, method));
  return speed === null ? null : speed.work / speed.seconds;
}

/** Records the speed of a run. Earlier runs keep half their weight, so that a short run does not replace a long one. */
export function recordSpeed(store: Store, runner: Runner, method: Method, speed: Speed): void {
  if (speed.work <= 0 || speed.seconds <= 0) return;
  const key = speedKey(runner, method);
  const before = readSpeed(store, key) ?? { work: 0, seconds: 0 };
  const value = Buffer.alloc(16);
  value.writeDoubleLE(before.work / 2 + speed.work, 0);
  value.writeDoubleLE(before.seconds / 2 + speed.seconds, 8);
  store.put(key, value);
}

function speedKey({ sha256, info }: Runner, method: Method): Buffer {
  return keyOf('speed', sha256, info.device, info.threads, method);
}

function readSpeed(store: Store, key: Buffer): Speed | null {
  const value = store.get(key);
  return value === null ? null : { work: value.readDoubleLE(0), seconds: value.readDoubleLE(8) };
}

/** A pass that takes this long is the last one: the next would take twice as long. */
const MAX_PASS_S = 0.5;

/** Length of the first pass. */
const FIRST_PASS_TOKENS = 64;

/**
 * Measures the speed of a model with passes of increasing length, up to its native context.
 * @param texts the longest of the first few is used
 * @returns work per second, as counted by `workOf`
 */
export async function sampleSpeed(
  model: LocalModel,
  texts: readonly string[],
  now: () => number = () => performance.now(),
): Promise<number> {
  const text = texts.slice(0, 10).reduce((longest, one) => (one.length > longest.length ? one : longest), '');
  const { prefix, suffix } = model.info.specialTokens;
  const content = await model.tokenize(text);
  const max = Math.min(model.info.nativeContext, prefix.length + content.length + suffix.length);
  let speed = 0;
  for (let tokens = Math.min(FIRST_PASS_TOKENS, max), seconds = 0; seconds < MAX_PASS_S; tokens *= 2) {
    const maxTokens = Math.min(tokens, max);
    const begin = now();
    for await (const result of model.embedMany([{ tokens: content }], {
      as: 'raw',
      truncate: true,
      maxTokens,
    })) {
      if ('error' in result) throw result.error;
    }
    seconds = (now() - begin) / 1000;
    speed = workOf(model.info, 'none', maxTokens) / Math.max(seconds, 1e-6);
    if (maxTokens === max) break;
  }
  return speed;
}
