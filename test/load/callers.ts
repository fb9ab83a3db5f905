/** Many callers at once over a few models, some of whom change their minds. */
import { setTimeout as sleep } from 'node:timers/promises';
import { type EmbeddingModel, LongEmbedError } from '../../lib/index.js';
import type { Random } from '../mutation/random.js';

/** A text, its options, and its vector when nothing else runs. */
export interface Task {
  model: number;
  text: string;
  extend: 'none' | 'pcw:4k';
  alone: Float32Array;
}

export interface Outcome {
  /** Vectors that were given and are those of the text alone. */
  right: number;
  wrong: number;
  /** Calls by the code of their error. */
  failed: Map<string, number>;
}

const WORDS = 'the grass is green and sky was blue when they went over hill to see what there had been'.split(
  ' ',
);

function textOf(random: Random): string {
  // Mostly short, some far beyond the native context.
  const words = 1 + random.below(random.pick([8, 8, 40, 40, 200, 600]));
  return Array.from({ length: words }, () => random.pick(WORDS)).join(' ');
}

/** Texts for each of the models, embedded one at a time. */
export async function makeTasks(
  models: readonly EmbeddingModel[],
  each: number,
  random: Random,
): Promise<Task[]> {
  const tasks: Task[] = [];
  for (let i = 0; i < models.length * each; i += 1) {
    const model = i % models.length;
    const text = textOf(random);
    const extend = text.length > 150 ? 'pcw:4k' : random.pick(['none', 'pcw:4k'] as const);
    const { embedding } = await models[model]!.embed(text, { extend, truncate: true });
    tasks.push({ model, text, extend, alone: embedding });
  }
  return tasks;
}

/**
 * So many callers, each a call after the other; resolves when every promise has settled.
 * @param abort one in `abort` calls is aborted; 0: none
 */
export async function callAll(
  models: readonly EmbeddingModel[],
  tasks: readonly Task[],
  { callers, calls, abort }: { callers: number; calls: number; abort: number },
  random: Random,
): Promise<Outcome> {
  const outcome: Outcome = { right: 0, wrong: 0, failed: new Map() };
  const call = async (): Promise<void> => {
    const { model, text, extend, alone } = random.pick(tasks);
    const controller = new AbortController();
    if (abort > 0 && random.below(abort) === 0) {
      void sleep(random.below(30)).then(() => controller.abort());
    }
    try {
      const { signal } = controller;
      const { embedding } = await models[model]!.embed(text, { extend, truncate: true, signal });
      if (embedding.every((number, i) => number === alone[i])) outcome.right += 1;
      else outcome.wrong += 1;
    } catch (error) {
      const code = error instanceof LongEmbedError ? error.code : `no LongEmbedError: ${String(error)}`;
      outcome.failed.set(code, (outcome.failed.get(code) ?? 0) + 1);
    }
  };
  const caller = async (): Promise<void> => {
    for (let i = 0; i < calls; i += 1) await call();
  };
  await Promise.all(Array.from({ length: callers }, caller));
  return outcome;
}
