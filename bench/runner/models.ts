import { realpath } from 'node:fs/promises';
import { basename } from 'node:path';
import { LongEmbedError } from '../../lib/error.js';
import { formatExtend, type Extend, type ModelInfo } from '../../lib/index.js';
import type { Store } from './cache/store.js';
import type { ReadTask, TextFacts } from './data.js';
import { contentSha256, modelFiles } from './file-hash.js';
import type { ModelSlot } from './model-slot.js';
import type { BenchHooks, BenchModel, BenchOptions, Kind } from './types.js';
import { isPlan, overheadOf, type Plan, settlePlan, type Unsupported } from './plan.js';

/** A model that was loaded once and can run. */
export interface CheckedModel {
  readonly path: string;
  /** Unique in the run. */
  readonly id: string;
  readonly sha256: string;
  readonly info: ModelInfo;
  /** The strategies that it takes, each once. */
  readonly plans: readonly Plan[];
  readonly unsupported: readonly Unsupported[];
  /** What tokens are estimated by. */
  readonly densities: Densities;
}

/** About how many tokens texts are, for the texts of every split. */
export type Densities = ReadonlyMap<TextFacts, Density>;

export interface Density {
  readonly tokensPerCharacter: number;
  /** Tokens of the prompt and the special ones. */
  readonly around: number;
}

/**
 * Loads every model, one after the other, and settles the strategies for it.
 * @throws LongEmbedError when a model cannot be loaded; ERR_STRATEGY_UNSUPPORTED when no model takes a
 *   strategy; what `settlePlan` throws
 */
export async function checkModels(
  options: BenchOptions,
  tasks: readonly ReadTask[],
  store: Store,
  slot: ModelSlot,
  hooks: BenchHooks,
): Promise<CheckedModel[]> {
  const { tokenizer } = options.load;
  const read = (files: readonly string[]): Promise<string> =>
    contentSha256(files, store, hooks.signal, (fraction) =>
      hooks.onWait(fraction, `reading ${basename(files[0] ?? '')}`),
    );
  const tokenizerHash = tokenizer === undefined ? null : await read([tokenizer]);
  const checked: Omit<CheckedModel, 'id'>[] = [];
  for (const path of options.models) {
    const model = await slot.get(path);
    const sha256 = await read(modelFiles(path));
    const identity = { model: sha256, tokenizer: tokenizerHash };
    const settled = [];
    for (const extend of options.extend) {
      settled.push(await settlePlan(model, identity, extend, options.maxTokens));
    }
    checked.push({
      path,
      sha256,
      info: model.info,
      plans: distinctPlans(settled.filter(isPlan)),
      unsupported: settled.filter((one): one is Unsupported => !isPlan(one)),
      densities: await measureDensities(model, tasks),
    });
  }
  const ids = uniqueIds(checked.map(({ path, info }) => info.preset ?? nameOf(path)));
  const models = checked.map((model, i) => ({ ...model, id: ids[i] ?? '' }));
  checkTaken(options.extend, models);
  for (const { id, unsupported } of models) {
    for (const { extend, reason } of unsupported) {
      hooks.onWarning(`${id} does without ${formatExtend(extend)}: ${reason}`);
    }
  }
  return models;
}

/** @throws LongEmbedError ERR_MODEL_NOT_FOUND; ERR_INVALID_OPTION when a model is given twice */
export async function checkFiles(paths: readonly string[]): Promise<void> {
  const seen = new Map<string, string>();
  for (const path of paths) {
    const real = await realpath(path).catch((error: unknown) => {
      throw new LongEmbedError('ERR_MODEL_NOT_FOUND', `There is no model at ${path}: look at its name.`, {
        cause: error,
      });
    });
    const before = seen.get(real);
    if (before !== undefined) {
      throw new LongEmbedError(
        'ERR_INVALID_OPTION',
        before === path
          ? `The model ${path} is given twice.`
          : `The models ${before} and ${path} are one file.`,
      );
    }
    seen.set(real, path);
  }
}

/** A strategy may be given in two ways: "ntk" and "ntk:4k". */
function distinctPlans(plans: readonly Plan[]): Plan[] {
  return plans.filter(({ spec }, i) => plans.findIndex((plan) => plan.spec === spec) === i);
}

function nameOf(path: string): string {
  return basename(path).replace(/(-00001-of-\d{5})?\.gguf$/i, '');
}

/** Adds -2, -3, … to names that were there before. */
export function uniqueIds(names: readonly string[]): string[] {
  const taken = new Set<string>();
  return names.map((name) => {
    let id = name;
    for (let count = 2; taken.has(id); count++) id = `${name}-${count}`;
    taken.add(id);
    return id;
  });
}

function checkTaken(specs: readonly Extend[], models: readonly CheckedModel[]): void {
  for (const extend of specs) {
    const reasons = models.map(({ id, unsupported }) => {
      const found = unsupported.find((one) => one.extend === extend);
      return found === undefined ? null : `${id}: ${found.reason}`;
    });
    if (reasons.some((reason) => reason === null)) continue;
    const none = models.length === 1 ? 'The model cannot' : 'None of the models can';
    throw new LongEmbedError(
      'ERR_STRATEGY_UNSUPPORTED',
      `${none} take ${formatExtend(extend)}. ${reasons.join(' ')}`,
    );
  }
}

async function measureDensities(model: BenchModel, tasks: readonly ReadTask[]): Promise<Densities> {
  const densities = new Map<TextFacts, Density>();
  const around = { query: 0, document: 0 };
  for (const kind of ['query', 'document'] as const) {
    const { before, after } = await overheadOf(model, kind);
    around[kind] = before + after;
  }
  for (const { splits } of tasks) {
    for (const split of splits) {
      for (const [facts, kind] of textsOf(split)) {
        densities.set(facts, {
          tokensPerCharacter: await tokensPerCharacter(model, facts.samples),
          around: around[kind],
        });
      }
    }
  }
  return densities;
}

async function tokensPerCharacter(model: BenchModel, samples: readonly string[]): Promise<number> {
  const [tokens, characters] = [await Promise.all(samples.map((text) => model.tokenize(text))), samples];
  const total = (lists: readonly { length: number }[]): number =>
    lists.reduce((sum, { length }) => sum + length, 0);
  return total(tokens) / Math.max(1, total(characters));
}

/** The two kinds of texts of a split. */
export function textsOf(split: ReadTask['splits'][number]): [facts: TextFacts, kind: Kind][] {
  return [
    [split.documents, 'document'],
    [split.queries, 'query'],
  ];
}
