/**
 * Where a run's results stand among MTEB's: under the model that they are a variant of, as an experiment with the settings that
 * make it one. mteb builds the experiment's folder from those settings (`_serialize_experiment_kwargs_to_name`), and so does this.
 */
import { createHash } from 'node:crypto';
import { join } from 'node:path';
import { parseExtend } from '../../lib/index.js';
import { PRESETS } from '../../lib/model/index.js';
import { MTEB_LEXICAL, MTEB_MODELS } from './mteb-models.js';
import { isLexical, type ModelResult, type RunResult } from './results.js';

export interface MtebPlace {
  /** "owner/model". */
  readonly name: string;
  readonly revision: string;
  /** The model on the hub that this is a variant of; null: not known. */
  readonly adaptedFrom: string | null;
  readonly experiment: Readonly<Record<string, string>>;
  /** Below `results`. */
  readonly folder: string;
}

/**
 * A known model has the name and revision of mteb; others are longembed's, by their id and the SHA-256 of their file. What
 * changes vectors or rankings is in the experiment, so that two runs never share a folder.
 */
export function mtebPlace(model: ModelResult, run: RunResult): MtebPlace {
  const known = isLexical(run) ? MTEB_LEXICAL : model.preset === null ? undefined : MTEB_MODELS[model.preset];
  const name = known?.name ?? `longembed/${fileSafe(model.id)}`;
  const revision = known?.revision ?? model.sha256;
  const experiment = experimentOf(model, run);
  return {
    name,
    revision,
    adaptedFrom: isLexical(run) ? null : (known?.name ?? null),
    experiment,
    folder: join(name.replace('/', '__'), revision, 'experiments', experimentName(experiment)),
  };
}

function experimentOf(model: ModelResult, run: RunResult): Record<string, string> {
  const { vectors, aggregate, hybrid } = run;
  return {
    engine: 'longembed',
    ...(isLexical(run)
      ? {}
      : {
          extend: run.extend,
          ...(model.quantization === '' ? {} : { quantization: model.quantization }),
          // other conversions and quantizations of a model are other files
          file: model.sha256.slice(0, 12),
          ...ownSettings(model),
          ...cuts(model, run),
          ...(vectors === undefined ? {} : { vectors }),
          ...(aggregate === undefined ? {} : { aggregate }),
          ...(hybrid === undefined ? {} : { hybrid }),
        }),
  };
}

/** Settings in which a run departs from its model's preset; without one, all of them. */
function ownSettings({
  preset,
  pooling,
  prompts,
  nativeContext,
  precision = 'full',
}: ModelResult): Record<string, string> {
  const usual = PRESETS.find(({ name }) => name === preset);
  const { query, document } = usual?.prompts ?? { query: '', document: '' };
  const areUsual = prompts.query === query && prompts.document === document;
  return {
    ...(pooling === usual?.pooling ? {} : { pooling }),
    ...(nativeContext === usual?.nativeContext ? {} : { native_context: String(nativeContext) }),
    ...(areUsual ? {} : { prompts: digest(JSON.stringify([prompts.query, prompts.document]), 12) }),
    ...(precision === 'full' ? {} : { precision }),
  };
}

/** Where documents were cut before the strategy's target, and vectors before the model's length. */
function cuts(
  { nativeContext, dimensions, fullDimensions }: ModelResult,
  { extend, target }: RunResult,
): Record<string, string> {
  return {
    ...(target < (parseExtend(extend).target ?? nativeContext) ? { max_tokens: String(target) } : {}),
    ...(fullDimensions === undefined ? {} : { dimensions: String(dimensions) }),
  };
}

/** Characters that mteb replaces by "_". */
const INVALID = /[<>:"|?*\\/\0]/g;
const MAX_NAME_LENGTH = 200;

/** mteb's name of an experiment: keys and values in the order of the keys, or a hash if that is too long. */
function experimentName(experiment: Readonly<Record<string, string>>): string {
  const name = Object.entries(experiment)
    .sort(([a], [b]) => (a < b ? -1 : 1))
    .map(([key, value]) => `${key}_${value.replaceAll(INVALID, '_')}`)
    .join('__');
  return Array.from(name).length > MAX_NAME_LENGTH ? `exp_${digest(name, 16)}` : name;
}

function digest(text: string, length: number): string {
  return createHash('sha256').update(text).digest('hex').slice(0, length);
}

/** The name itself if it is a valid file name everywhere and has no "__", which MTEB reads as "/"; else a similar unique name. */
function fileSafe(name: string): string {
  const safe = name
    .replaceAll(/[^\w.+-]/g, '-')
    .replaceAll(/_{2,}/g, '_')
    .replaceAll(/^[._]+|[._]+$/g, '');
  return safe === name ? name : `${safe}-${digest(name, 8)}`;
}
