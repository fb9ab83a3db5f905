import { callback, checkOptions, flag, object, oneOf, signal, text } from '../check-options.js';
import { display, LongEmbedError } from '../error.js';
import { CONVERT_TYPES, type ConvertType } from './tensors.js';

/** Options of `convertModel`. */
export interface ConvertOptions {
  /**
   * What the matrices are stored as: `f32` exactly, `f16` at half the size (default), `q8_0` at about a quarter. Norms,
   * biases and position matrices stay F32.
   */
  type?: ConvertType | undefined;
  /** The model's name in the file, by which longembed recognizes it. Default: the folder's, or its repository's on the hub. */
  name?: string | undefined;
  /** Whether an existing file at `output` may be replaced. Default `false`. */
  overwrite?: boolean | undefined;
  /** Stops the work and removes what was written: the promise rejects with ERR_ABORTED. */
  signal?: AbortSignal | undefined;
  /** Called with the fraction of the file that is written, 0 to 1. An error it throws ends the call. */
  onProgress?: ((fraction: number) => void) | undefined;
}

/** A file that `convertModel` wrote. */
export interface ConvertedFile {
  /** Its path, as it was given. */
  path: string;
  sizeBytes: number;
  /** GGUF's name of the architecture. */
  architecture: string;
  /** The model's name in the file. */
  name: string;
  type: ConvertType;
  /** What the folder says of pooling; null: nothing, so that embedding needs a preset or an option. */
  pooling: 'mean' | 'cls' | 'last' | null;
  /**
   * Whether the original leaves the tokens of a prompt out of the mean (sentence-transformers' `include_prompt: false`). The
   * file cannot say so and the mean of its vectors is over all tokens: embed without a prompt.
   */
  excludesPrompt: boolean;
  /** Dense layers after pooling that are in the file. */
  denseLayers: number;
}

const OPTIONS = object({
  type: oneOf(...CONVERT_TYPES),
  name: text,
  overwrite: flag,
  signal,
  onProgress: callback<number>(),
});

/** @throws LongEmbedError ERR_INVALID_OPTION; so does the other */
export const checkConvertOptions = (given: unknown): ConvertOptions =>
  checkOptions<ConvertOptions>(OPTIONS, given);

export function checkFolder(folder: unknown): void {
  if (typeof folder === 'string' && folder !== '') return;
  throw new LongEmbedError(
    'ERR_INVALID_OPTION',
    `The folder is ${display(folder)}: it must be the path of a folder with config.json and .safetensors files.`,
  );
}
