import { fileURLToPath } from 'node:url';
import { type Command, EngineProcess } from './engine-process.js';
import type { EngineName, SpeedOptions } from './options.js';
import type { Task } from './row.js';
import { installNodeLlamaCpp, installOnnxRuntime, onnxModel, pythonEnvironment } from './python-and-node.js';
import { tool } from './tools.js';

/** One way to run an engine. */
export interface Setting {
  readonly title: string;
  readonly command: Command;
}

/** An engine's settings for a task, of which the fastest counts; a clause if it cannot do the task. */
export async function settingsOf(
  engine: EngineName,
  task: Task,
  { threads, llama }: Pick<SpeedOptions, 'threads' | 'llama'>,
): Promise<Setting[] | string> {
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
          command: script('node-llama-cpp.mjs', task.path, threads, await installNodeLlamaCpp()),
        },
      ];
    case 'pytorch-float32':
    case 'pytorch-bfloat16':
      if (!isPlainBert(task)) return 'only architecture bert is written for it';
      return [
        {
          title: `batches of 32, ${threads} threads`,
          command: {
            program: await pythonEnvironment(),
            args: [side('python/pytorch.py'), task.path, String(threads), engine.slice('pytorch-'.length)],
          },
        },
      ];
    case 'onnxruntime':
      if (!isPlainBert(task)) return 'only architecture bert is written for it';
      return [
        {
          title: `batches of 32, ${threads} threads`,
          command: script('onnxruntime.mjs', await onnxModel(task.path), threads, await installOnnxRuntime()),
        },
      ];
    case 'llama.cpp':
      if (task.extend.method === 'se') return 'has no such strategy';
      return chosen(llamaSettings(task, threads), llama);
  }
}

function chosen(settings: readonly Setting[], part: string): Setting[] | string {
  const some = settings.filter(({ title }) => title.includes(part));
  return some.length > 0 ? some : `has no setting with ${part}`;
}

function isPlainBert({ info, extend }: Task): boolean {
  return info.architecture === 'bert' && extend.method === 'none';
}

function script(name: string, ...args: (string | number)[]): Command {
  return { program: process.execPath, args: [side(`engines/${name}`), ...args.map(String)] };
}

/** A file of this folder. */
function side(path: string): string {
  return fileURLToPath(new URL(path, import.meta.url));
}

/** Limit on the attention scores without flash attention; above it, that setting is skipped. */
const MAX_SCORES_BYTES = 8e9;

/** Flash attention on and off; several batch sizes if there are several texts, or if a text may be split. */
function llamaSettings(task: Task, threads: number): Setting[] {
  const lengths = task.windows.flat().map(({ length }) => length);
  const longest = Math.max(...lengths);
  const all = lengths.reduce((sum, length) => sum + length, 0);
  const sizes = [256, 512, 1024, 2048].filter((size) => size < all);
  // a bidirectional model needs whole texts, a causal one can process a text in pieces
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
    ...(4 * task.info.heads * batch * ubatch <= MAX_SCORES_BYTES ? [setting('off', batch, ubatch)] : []),
  ]);
}

/** A shorter first run may be slow only because it is the first. */
export const SHORT_RUN_S = 5;

/** Of many texts this many in one are enough to tell settings apart. */
const TRIED = 4;

/** The fastest setting: each is tried once when warm, on some of the texts if there are many. @throws Error of the last setting when none works */
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
      if (seconds < SHORT_RUN_S) ({ seconds } = await engine.run());
      await engine.close();
      if (best === null || seconds < best.seconds) best = { setting, seconds };
    } catch (error) {
      failure = error;
    }
  }
  if (best === null) throw failure;
  return best.setting;
}
