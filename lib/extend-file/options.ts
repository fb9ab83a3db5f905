import { callback, checkOptions, extend, flag, object, preset, signal, whole } from '../check-options.js';
import { display, LongEmbedError } from '../error.js';
import type { Extend } from '../extend/index.js';
import type { DownloadProgress, SettingSource } from '../model/types.js';

/** Options of `extendModelFile`. */
export interface ExtendFileOptions {
  /**
   * The strategy: a spec string or the same as an object. `pi`, `gp` or `rp` for a model with a position matrix, `ntk` or
   * `pi` for one with RoPE. Attention scaling can only be `off`, which is the default here.
   * @example 'pi:4k', 'gp:4k,s=8', 'ntk:32k,lambda=10'
   */
  extend: string | Extend;
  /** Lo: the tokens the model was trained for, from 2. Default: the preset's, else the file's. */
  nativeContext?: number | undefined;
  /** Name of the known model in the file; `false`: none. Default: detected from the file's metadata. */
  preset?: string | false | undefined;
  /** Whether an existing file at `output` may be replaced. Default `false`. */
  overwrite?: boolean | undefined;
  /** Stops the work and removes what was written: the promise rejects with ERR_ABORTED. */
  signal?: AbortSignal | undefined;
  /** Called while an input named hf: is downloaded, with every piece that arrives. An error it throws ends the call. */
  onDownload?: ((progress: DownloadProgress) => void) | undefined;
  /** Called with a sentence when the hub cannot be reached and the input in the cache is used. Default: `process.emitWarning`. */
  onWarning?: ((message: string) => void) | undefined;
  /** Called with the fraction of the file that is written, 0 to 1. An error it throws ends the call. */
  onProgress?: ((fraction: number) => void) | undefined;
}

/** A file that `extendModelFile` wrote. Lengths are in tokens. */
export interface ExtendedFile {
  /** Its path, as it was given. */
  path: string;
  sizeBytes: number;
  architecture: string;
  /** Name of the preset used for the original; null: none. */
  preset: string | null;
  /** The strategy with every number written out, as the file records it. */
  spec: string;
  /** Lo of the original, and its source. */
  nativeContext: number;
  nativeContextSource: SettingSource;
  /** Lt, the file's context length. */
  contextLength: number;
  /** Sentences for the user: how the file's vectors differ from those of longembed's own strategy. */
  notes: string[];
}

const OPTIONS = object({
  extend,
  nativeContext: whole(2),
  preset,
  overwrite: flag,
  signal,
  onDownload: callback<DownloadProgress>(),
  onWarning: callback<string>(),
  onProgress: callback<number>(),
});

/** @throws LongEmbedError ERR_INVALID_OPTION; so does the other */
export const checkExtendFileOptions = (given: unknown): ExtendFileOptions =>
  checkOptions<ExtendFileOptions>(OPTIONS, given);

/** @param name of the argument */
export function checkPath(name: string, path: unknown): void {
  if (typeof path === 'string' && path !== '') return;
  throw new LongEmbedError(
    'ERR_INVALID_OPTION',
    `The ${name} is ${display(path)}: it must be the path of a GGUF file.`,
  );
}
