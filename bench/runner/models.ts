import { basename } from 'node:path';
import { LongEmbedError } from '../../lib/error.js';
import { formatExtend, type Extend } from '../../lib/index.js';
import { sum } from '../numbers.js';
import type { Store } from './cache/store.js';
import { LEXICAL_ID } from '../results/results.js';
import type { ReadTask, TextStats } from './data.js';
import { loadRemote } from '../remote/load.js';
import { findServer, isRemote, NO_REMOTE_OPTIONS, remoteName, remoteSha256 } from '../remote/options.js';
import { Spending } from '../remote/spending.js';
import { keptDimensions } from '../../lib/model/options.js';
import { modelFiles } from '../../lib/model-files.js';
import { contentSha256 } from './model-files.js';
import type { BenchHooks, BenchInfo, BenchModel, BenchOptions, Kind } from './types.js';
import {
  isPlan,
  overheadOf,
  type Plan,
  planName,
  settlePlan,
  tokensOf,
  type Unsupported,
  unsupportedName,
} from './plan.js';

/** A model that has been loaded once and checked. */
export interface CheckedModel {
  readonly path: string;
  /** Unique in the run. */
  readonly id: string;
  readonly sha256: string;
  readonly info: BenchInfo;
  /** The strategies that the model supports, without duplicates. */
  readonly plans: readonly Plan[];
  readonly unsupported: readonly Unsupported[];
  /** For estimating numbers of tokens. */
  readonly densities: Densities;
}

/** Approximate tokens per character, for the texts of every split. */
export type Densities = ReadonlyMap<TextStats, Density>;

export interface Density {
  readonly tokensPerCharacter: number;
  /** Number of prompt and special tokens. */
  readonly overhead: number;
}

/**
 * Loads the models one after the other and resolves the strategies for each.
 * @throws LongEmbedError when a model cannot be loaded; ERR_STRATEGY_UNSUPPORTED when no model supports a strategy; what
 *   `settlePlan` throws
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
    keptDimensions(options.dimensions ?? undefined, model.info.dimensions);
    const sha256 = isRemote(path) ? slot.remoteSha256(path) : await read(modelFiles(path));
    const identity = { model: sha256, tokenizer: tokenizerHash };
    const settled = [];
    for (const extend of options.extend) {
      for (const vectors of options.vectors ?? (['document'] as const)) {
        settled.push(await settlePlan(model, identity, extend, vectors, options.maxTokens));
      }
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
  const reserved = options.lexical === true ? [LEXICAL_ID] : [];
  const names = checked.map(({ path, info }) => info.preset ?? nameOf(path));
  const ids = uniqueIds([...reserved, ...names]).slice(reserved.length);
  const models = checked.map((model, i) => ({ ...model, id: ids[i] ?? '' }));
  if (models.length > 0) checkTaken(options.extend, models);
  for (const { id, unsupported } of models) {
    for (const one of unsupported) {
      hooks.onWarning(`${id}: skipping ${unsupportedName(one)}: ${one.reason}`);
    }
  }
  return models;
}

/** Different specs may mean the same strategy: "ntk" and "ntk:4k". */
function distinctPlans(plans: readonly Plan[]): Plan[] {
  const names = plans.map(planName);
  return plans.filter((_plan, i) => names.indexOf(names[i] ?? '') === i);
}

function nameOf(path: string): string {
  if (isRemote(path)) return remoteName(path);
  return basename(path).replace(/(-00001-of-\d{5})?\.gguf$/i, '');
}

/** Appends -2, -3, … to repeated names. */
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
    const isTaken = models.some(({ plans }) => plans.some((plan) => plan.extend === extend));
    if (isTaken || reasons.some((reason) => reason === null)) continue;
    const none = models.length === 1 ? 'The model does not support' : 'None of the models supports';
    throw new LongEmbedError(
      'ERR_STRATEGY_UNSUPPORTED',
      `${none} ${formatExtend(extend)}. ${reasons.join(' ')}`,
    );
  }
}

async function measureDensities(model: BenchModel, tasks: readonly ReadTask[]): Promise<Densities> {
  const densities = new Map<TextStats, Density>();
  const overhead = { query: 0, document: 0 };
  for (const kind of ['query', 'document'] as const) {
    const { before, after } = await overheadOf(model, kind);
    overhead[kind] = before + after;
  }
  for (const { splits } of tasks) {
    for (const split of splits) {
      for (const [stats, kind] of textsOf(split)) {
        densities.set(stats, {
          tokensPerCharacter: await tokensPerCharacter(model, stats.samples),
          overhead: overhead[kind],
        });
      }
    }
  }
  return densities;
}

async function tokensPerCharacter(model: BenchModel, samples: readonly string[]): Promise<number> {
  const tokens = await Promise.all(samples.map((text) => tokensOf(model, text)));
  return sum(tokens) / Math.max(1, sum(samples.map(({ length }) => length)));
}

/** The two kinds of texts of a split. */
export function textsOf(split: ReadTask['splits'][number]): [stats: TextStats, kind: Kind][] {
  return [
    [split.documents, 'document'],
    [split.queries, 'query'],
  ];
}

/** Keeps one model loaded at a time: several may not fit into memory together. */
export class ModelSlot {
  readonly #load: BenchOptions['load'];
  readonly #hooks: BenchHooks;
  /** Warnings already given: a model may be loaded twice. */
  readonly #warned = new Set<string>();
  readonly #remote: NonNullable<BenchOptions['remote']>;
  /** Of all models on a server. */
  readonly spending: Spending;
  #loaded: { readonly path: string; readonly model: BenchModel } | null = null;

  constructor(
    { load, remote = NO_REMOTE_OPTIONS }: Pick<BenchOptions, 'load' | 'remote'>,
    hooks: BenchHooks,
  ) {
    this.#load = load;
    this.#hooks = hooks;
    this.#remote = remote;
    this.spending = new Spending(remote);
  }

  /** The hash that stands for a server's model. */
  remoteSha256(path: string): string {
    return remoteSha256(findServer(this.#remote), remoteName(path));
  }

  /** Returns a model, loaded in place of the previous one unless they are the same. */
  async get(path: string): Promise<BenchModel> {
    if (this.#loaded?.path === path) return this.#loaded.model;
    await this.free();
    const model = isRemote(path) ? await this.#connect(path) : await this.#loadFile(path);
    this.#loaded = { path, model };
    return model;
  }

  #loadFile(path: string): Promise<BenchModel> {
    const { loadModel, signal, onWait } = this.#hooks;
    return loadModel(path, {
      ...this.#load,
      signal,
      onProgress: (fraction) => onWait(fraction, `loading ${basename(path)}`),
      onWarning: (message) => this.#warn(basename(path), message),
    });
  }

  #connect(path: string): Promise<BenchModel> {
    const { signal, onMessage } = this.#hooks;
    return loadRemote(path, {
      server: findServer(this.#remote),
      spending: this.spending,
      options: this.#load,
      signal,
      onMessage,
      onWarning: (message) => this.#warn(path, message),
    });
  }

  #warn(model: string, message: string): void {
    const warning = `${model}: ${message}`;
    if (!this.#warned.has(warning)) this.#hooks.onWarning(warning);
    this.#warned.add(warning);
  }

  async free(): Promise<void> {
    const loaded = this.#loaded;
    this.#loaded = null;
    await loaded?.model.dispose();
  }
}
