import type { NativeBatch, NativeFacts, NativeJob, NativeMemory, NativeModel } from '../types.js';
import type { IsolatedEngine } from './isolated-engine.js';
import type { Loaded } from './messages.js';

/** Ends the process of a model that was dropped without `dispose`, as the memory of one in this process is freed then. */
const dropped = new FinalizationRegistry<IsolatedEngine>((engine) => void engine.dispose());

/** A model in another process, with the same face as one in this process. */
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

  embed(batch: NativeBatch, onProgress: ((fraction: number) => void) | null): NativeJob<Float32Array> {
    const ask = { kind: 'embed', batch, progress: onProgress !== null } as const;
    return this.#engine.call(ask, onProgress) as NativeJob<Float32Array>;
  }

  memory(batch: NativeBatch): NativeJob<NativeMemory> {
    return this.#engine.call({ kind: 'memory', batch }, null) as NativeJob<NativeMemory>;
  }

  dispose(): Promise<void> {
    dropped.unregister(this.#engine);
    return this.#engine.dispose();
  }
}
