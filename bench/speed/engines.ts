import { fileURLToPath } from 'node:url';
import { type Command, EngineProcess } from './engine-process.js';
import type { EngineName } from './options.js';
import type { Task } from './row.js';
import { installNodeLlamaCpp, tool } from './tools.js';

/** One way to run an engine. */
export interface Setting {
  readonly title: string;
  readonly command: Command;
}

/** An engine's ways to do a task, of which the fastest counts; a clause where it cannot do it. */
export function settingsOf(engine: EngineName, task: Task, threads: number): Setting[] | string {
  switch (engine) {
    case 'longembed':
      return [
        {
          title: `${threads} threads`,
          command: script('longembed.mjs', task.path, threads, task.spec, task.pooling),
        },
      ];
    case 'node-llama-cpp':
      if (task.extend.method !== 'none') return 'has no such strategy';
      return [
        {
          title: `${threads} threads`,
          command: script('node-llama-cpp.mjs', task.path, threads, installNodeLlamaCpp()),
        },
      ];
    case 'llama.cpp':
      if (task.extend.method === 'se') return 'has no such strategy';
      return llamaSettings(task, threads);
  }
}

function script(name: string, ...args: (string | number)[]): Command {
  const file = fileURLToPath(new URL(`engines/${name}`, import.meta.url));
  return { program: process.execPath, args: [file, ...args.map(String)] };
}

/** Memory limit for the scores of attention without flash attention; above it, that setting is skipped. */
const MOST_SCORES = 8e9;

/** Flash attention on and off; batches of several sizes where there are several texts, or where a text may be cut. */
function llamaSettings(task: Task, threads: number): Setting[] {
  const lengths = task.windows.flat().map(({ length }) => length);
  const longest = Math.max(...lengths);
  const all = lengths.reduce((sum, length) => sum + length, 0);
  const sizes = [256, 512, 1024, 2048].filter((size) => size < all);
  // a model that attends both ways takes whole texts only, a causal one may take a text in pieces
  const batches = task.info.causal
    ? [...sizes, all].map((ubatch) => ({ batch: all, ubatch }))
    : (lengths.length === 1 ? [all] : sizes.filter((size) => size >= longest)).map((size) => ({
        batch: size,
        ubatch: size,
      }));
  const setting = (flash: string, batch: number, ubatch: number): Setting => ({
    title: `-fa ${flash} -b ${batch} -ub ${ubatch}, ${threads} threads`,
    command: {
      program: tool('llama-cpp'),
      args: [
        ...[task.path, '--flash', flash, '--batch', String(batch), '--ubatch', String(ubatch)],
        ...['--threads', String(threads), '--pooling', task.pooling, '--rope-base', String(task.ropeBase)],
      ],
    },
  });
  return batches.flatMap(({ batch, ubatch }) => [
    setting('on', batch, ubatch),
    ...(4 * task.info.heads * batch * ubatch <= MOST_SCORES ? [setting('off', batch, ubatch)] : []),
  ]);
}

/** Below this many seconds a first run may be slow only because it is the first. */
export const SHORT_RUN = 5;

/** Of many texts this many in one are enough to tell settings apart. */
const TRIED = 4;

/** The fastest setting, each tried once when it is warm, on a part of the texts where there are many. @throws Error when none works: what the last one said */
export async function fastest(
  settings: readonly Setting[],
  sequences: readonly Int32Array[],
): Promise<Setting> {
  const [only] = settings;
  if (settings.length === 1 && only !== undefined) return only;
  const some = sequences.slice(0, Math.ceil(sequences.length / TRIED));
  let best: { setting: Setting; seconds: number } | null = null;
  let failure: unknown;
  for (const setting of settings) {
    try {
      const engine = await EngineProcess.start(setting.command, some);
      let { seconds } = await engine.run();
      if (seconds < SHORT_RUN) ({ seconds } = await engine.run());
      await engine.close();
      if (best === null || seconds < best.seconds) best = { setting, seconds };
    } catch (error) {
      failure = error;
    }
  }
  if (best === null) throw failure;
  return best.setting;
}
