import { fileURLToPath } from 'node:url';
import { display, LongEmbedError } from '../error.js';
import { abandon, addon, loadIsolated, startJob, type NativeModel } from '../native/index.js';
import { listenForAbort, throwIfAborted } from '../abort.js';
import type { LoadOptions } from './types.js';

/** Loads a model file on the native side, in this process or in a separate one. @throws LongEmbedError; what the caller's onProgress throws */
export async function loadNative(path: string, options: LoadOptions): Promise<NativeModel> {
  throwIfAborted(options.signal);
  const { isolate = false, onProgress } = options;
  const report = (fraction: number): void => {
    try {
      onProgress?.(fraction);
    } catch (error) {
      stop(error);
    }
  };
  const nativeOptions = {
    threads: options.threads ?? 0,
    backend: options.backend ?? 'auto',
    gpuLayers: options.gpuLayers ?? -1,
    checkDevice: options.checkDevice ?? true,
    mmap: options.mmap ?? true,
    repack: options.repack ?? null,
    precision: options.precision ?? 'full',
  };
  const nativeReport = onProgress === undefined ? null : report;
  const job = startJob(() =>
    isolate
      ? loadIsolated(path, nativeOptions, nativeReport)
      : addon().loadModel(path, nativeOptions, nativeReport),
  );
  let stop = (_reason: unknown): void => undefined;
  const stopped = new Promise<never>((_resolve, reject) => {
    stop = reject;
  });
  const stopListening = listenForAbort(options.signal, (error) => stop(error));
  try {
    return await Promise.race([job.promise, stopped]);
  } catch (error) {
    abandon(job);
    // It may have been too late to cancel.
    job.promise.then((native) => native.dispose()).catch(() => undefined);
    throw error;
  } finally {
    stopListening();
  }
}

/** The path of a model that was given by path or by its file: URL. @throws LongEmbedError ERR_INVALID_OPTION */
export function checkPath(path: unknown): string {
  if (typeof path === 'string' && path !== '') return path;
  if (path instanceof URL && path.protocol === 'file:') return fileURLToPath(path);
  throw new LongEmbedError(
    'ERR_INVALID_OPTION',
    `The path is ${display(path)}: it must be the path or file: URL of a GGUF file, hf:org/repo/file.gguf, or the name of a model that ships.`,
  );
}
