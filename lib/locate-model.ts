import { LongEmbedError } from './error.js';
import { hubModelNameOf, isHubModelName } from './hub/model-name.js';
import type { HubModelOptions } from './hub/model-file.js';
import { modelFile } from './package.js';
import { emitWarning } from './warning.js';

export type LocateOptions = HubModelOptions;

/** What a model may be called, for messages and help. */
export const MODEL_NAMES =
  'the path of a GGUF file, hf:org/repo/file.gguf, or the name of a model that ships';

/**
 * The path of a model given by path, by the name of a shipped model, or by its name on the Hugging Face hub, from where it is
 * downloaded if the cache does not have it.
 * @throws LongEmbedError as `hubModelFile`; ERR_INVALID_OPTION for a URL
 */
export async function locateModel(given: string, options: LocateOptions = {}): Promise<string> {
  if (/^https?:\/\//i.test(given)) {
    const name = hubModelNameOf(given);
    throw new LongEmbedError(
      'ERR_INVALID_OPTION',
      `${given} is a URL: give ${name === null ? MODEL_NAMES : `the name ${name}`}.`,
    );
  }
  if (!isHubModelName(given)) return modelFile(given);
  // Loaded on demand: the HTTP client is slow to load, and most models are files.
  const { hubModelFile } = await import('./hub/index.js');
  const onWarning = options.onWarning ?? ((message: string): void => emitWarning(message, 'LONGEMBED_HUB'));
  return hubModelFile(given, { ...options, onWarning });
}
