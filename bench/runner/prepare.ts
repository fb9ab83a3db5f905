import { LongEmbedError } from '../../lib/error.js';
import { findServer, isRemote, NO_REMOTE_OPTIONS } from '../remote/options.js';
import { Store } from './cache/store.js';
import { readTasks, type ReadTask } from './data.js';
import { checkFiles } from './model-files.js';
import { checkModels, type CheckedModel, ModelSlot } from './models.js';
import type { BenchHooks, BenchOptions } from './types.js';

/** Everything a run needs, checked. */
export interface Prepared {
  readonly store: Store;
  readonly tasks: readonly ReadTask[];
  readonly models: readonly CheckedModel[];
  readonly slot: ModelSlot;
}

/**
 * Checks everything that could fail before hours are spent: options, the cache, the data of all tasks, all models and whether
 * they support the strategies. Then does the work, and releases everything.
 */
export async function withPrepared<T>(
  options: BenchOptions,
  hooks: BenchHooks,
  work: (prepared: Prepared) => Promise<T>,
): Promise<T> {
  checkLists(options);
  await checkFiles(options.models);
  if (options.models.some(isRemote)) findServer(options.remote ?? NO_REMOTE_OPTIONS);
  const store = await Store.open(options.cache);
  const slot = new ModelSlot(options, hooks);
  try {
    const { data, essays, seed, lengths, limit } = options;
    const { signal, onMessage, onWait } = hooks;
    const tasks = await readTasks(
      options.tasks,
      { data, essays, seed, lengths, signal, onMessage },
      limit,
      onWait,
    );
    const models = await checkModels(options, tasks, store, slot, hooks);
    return await work({ store, tasks, models, slot });
  } finally {
    const spent = slot.spending.summary();
    if (spent !== null) hooks.onMessage(`paid for ${spent}`);
    await slot.free();
  }
}

function checkLists({ models, extend, tasks, lexical = false }: BenchOptions): void {
  const lists = lexical ? { extend, tasks } : { models, extend, tasks };
  for (const [name, list] of Object.entries(lists)) {
    if (list.length > 0) continue;
    throw new LongEmbedError('ERR_INVALID_OPTION', `The option ${name} is empty: give at least one.`);
  }
}
