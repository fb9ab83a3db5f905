/** A model in a process of its own: docs/isolation.md. */
import type { NativeJob, NativeLoadOptions, NativeModel } from '../types.js';
import { IsolatedEngine } from './isolated-engine.js';
import { IsolatedModel } from './isolated-model.js';
import { engineStart } from './start.js';

export { IsolatedModel } from './isolated-model.js';

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
