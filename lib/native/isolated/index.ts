import type {
  NativeBatch,
  NativeFacts,
  NativeJob,
  NativeMemory,
  NativeModel,
  NativeLoadOptions,
} from '../types.js';
import { IsolatedEngine } from './engine.js';
import type { Loaded } from './messages.js';
import { engineStart } from './process.js';

/** Ends the process of a model that was dropped without `dispose`, as the memory of one in this process is freed then. */
const dropped = new FinalizationRegistry<IsolatedEngine>((engine) => void engine.dispose());

/** A model in another process, with the same interface as one in this process. */
export class IsolatedModel implements NativeModel {
  readonly facts: NativeFacts;
  readonly #engine: IsolatedEngine;

  constructor(engine: IsolatedEngine, { facts }: Loaded) {
    this.#engine = engine;
    this.facts = facts;
    dropped.register(this, engine, engine);
  }

  tokenize(text: string): NativeJob<Int32Array> {
    return this.#engine.call({ kind: 'tokenize', text }, null) as NativeJob<Int32Array>;
  }

  embed(
    batch: NativeBatch,
    onProgress: ((fraction: number) => void) | null,
    express = false,
  ): NativeJob<Float32Array> {
    const request = { kind: 'embed', batch, progress: onProgress !== null, express } as const;
    return this.#engine.call(request, onProgress) as NativeJob<Float32Array>;
  }

  memory(batch: NativeBatch): NativeJob<NativeMemory> {
    return this.#engine.call({ kind: 'memory', batch }, null) as NativeJob<NativeMemory>;
  }

  dispose(): Promise<void> {
    dropped.unregister(this.#engine);
    return this.#engine.dispose();
  }
}

/** A model in a separate process: docs/isolation.md. */

/** The same as the addon's `loadModel`, in a new process. */
export function loadIsolated(
  path: string,
  options: NativeLoadOptions,
  onProgress: ((fraction: number) => void) | null,
): NativeJob<NativeModel> {
  const engine = new IsolatedEngine(engineStart(), path, options);
  const job = engine.load(onProgress);
  return {
    promise: job.promise.then((loaded) => new IsolatedModel(engine, loaded)),
    cancel: () => job.cancel(),
  };
}
