import { LongEmbedError } from '../error.js';

/** @param why a sentence in lower case, with its full stop */
export function invalidCheckpoint(path: string, why: string, cause?: unknown): LongEmbedError {
  return new LongEmbedError('ERR_MODEL_INVALID', `"${path}" cannot be converted: ${why}`, { cause });
}

/** The command that may convert what we do not. */
export function recipe(folder: string): string {
  return (
    "llama.cpp's own converter may know it: python vendor/llama.cpp/convert_hf_to_gguf.py " +
    `${JSON.stringify(folder)} --outfile model-f16.gguf --outtype f16 (see docs/models.md)`
  );
}

/** A checkpoint that longembed has no conversion for. @param why as above */
export function unsupportedCheckpoint(folder: string, why: string): LongEmbedError {
  return new LongEmbedError(
    'ERR_ARCHITECTURE_UNSUPPORTED',
    `"${folder}" cannot be converted by longembed: ${why} ${recipe(folder)}.`,
  );
}

/** A property of a checkpoint that GGUF's architectures cannot express, so that any conversion would give other vectors. */
export function inexpressible(folder: string, why: string): LongEmbedError {
  return new LongEmbedError(
    'ERR_ARCHITECTURE_UNSUPPORTED',
    `"${folder}" cannot be converted: ${why} A GGUF file could not give its vectors.`,
  );
}
