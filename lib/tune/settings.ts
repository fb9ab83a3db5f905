import { createHash } from 'node:crypto';
import { LongEmbedError } from '../error.js';
import type { ResolvedExtend } from '../extend/index.js';
import type { Engine } from '../model/engine.js';
import type { Pooling } from '../native/index.js';
import type { TuneOptions } from './options.js';
import type { PairSet } from './pair-set.js';
import { type Schedule, scheduleOf } from './schedule.js';

/** Everything that decides a run's result, with every default filled in. */
export interface TuneSettings extends Schedule {
  readonly spec: string;
  readonly nativeContext: number;
  readonly batch: number;
  readonly temperature: number;
  readonly weightDecay: number;
  readonly seed: number;
  /** 0: no judgements. */
  readonly evalEvery: number;
  readonly pooling: Pooling;
  readonly prompts: { readonly query: string; readonly document: string };
  readonly specialTokens: { readonly prefix: readonly number[]; readonly suffix: readonly number[] };
  readonly truncate: boolean;
  /** SHA-256 of the files. */
  readonly model: string;
  readonly pairs: string;
  readonly dev: string | null;
}

/** Part of the fingerprint: increase it when the same settings begin to give another result. */
const GENERATION = 1;

const DEFAULTS = { batch: 512, temperature: 0.01, weightDecay: 0, seed: 0 } as const;

/** @throws LongEmbedError ERR_INVALID_OPTION when the pairs do not fill a batch, or options do not fit each other */
export function settingsOf(
  options: TuneOptions,
  resolved: ResolvedExtend,
  engine: Engine,
  sets: { readonly pairs: PairSet; readonly dev: PairSet | null; readonly modelSha256: string },
): TuneSettings {
  const { pairs, dev } = sets;
  const { pooling, prompts, specialTokens, strategyContext } = engine.settings;
  const batch = options.batch ?? DEFAULTS.batch;
  if (pooling === null) {
    throw invalid(
      'The model file names no pooling: give pooling (mean, cls or last), as the model was trained.',
    );
  }
  if (pairs.length < batch) {
    throw invalid(
      `There are ${pairs.length} pairs in ${options.pairs}, fewer than the ${batch} of a batch: give more pairs` +
        (pairs.length < 2 ? '.' : `, or a batch of at most ${pairs.length} (batch, --batch).`),
    );
  }
  if (dev !== null && dev.length < 2) {
    throw invalid(`There are ${dev.length} pairs in ${options.dev}: to judge by them takes 2 or more.`);
  }
  if (dev === null && options.evalEvery !== undefined) {
    throw invalid('The option evalEvery is for held-out pairs: give a file of them as well (dev, --dev).');
  }
  const schedule = scheduleOf(options, Math.floor(pairs.length / batch));
  if (schedule.warmup > schedule.steps) {
    throw invalid(`The option warmup is ${schedule.warmup}, more than the ${schedule.steps} steps in all.`);
  }
  return {
    ...schedule,
    spec: resolved.exact,
    nativeContext: strategyContext.nativeContext,
    batch,
    temperature: options.temperature ?? DEFAULTS.temperature,
    weightDecay: options.weightDecay ?? DEFAULTS.weightDecay,
    seed: options.seed ?? DEFAULTS.seed,
    evalEvery: dev === null ? 0 : (options.evalEvery ?? Math.max(1, Math.round(schedule.steps / 20))),
    pooling,
    prompts,
    specialTokens,
    truncate: options.truncate ?? false,
    model: sets.modelSha256,
    pairs: pairs.sha256,
    dev: dev?.sha256 ?? null,
  };
}

/** What a checkpoint must have been made with to go on from it. */
export function fingerprintOf(settings: TuneSettings): string {
  const entries = Object.entries(settings).sort(([a], [b]) => (a < b ? -1 : 1));
  return createHash('sha256')
    .update(JSON.stringify([GENERATION, entries]))
    .digest('hex');
}

function invalid(message: string): LongEmbedError {
  return new LongEmbedError('ERR_INVALID_OPTION', message);
}
