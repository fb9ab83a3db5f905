import { statSync } from 'node:fs';
import { join } from 'node:path';
import { packageRoot } from './package-root.js';

/** The small trained models that come with the package, models/README.md says what they are. */
export const SHIPPED_MODELS = ['mini-rope', 'mini-ape', 'mini-causal'] as const;

/** What `EmbeddingModel.load()` loads. */
export const DEFAULT_MODEL = 'mini-rope' satisfies (typeof SHIPPED_MODELS)[number];

/** The path of a model that was given by path or by the name of one that ships; a file of that name goes first, a folder does not. */
export function modelFile(given: string): string {
  const ships = (SHIPPED_MODELS as readonly string[]).includes(given);
  return ships && !isFile(given) ? join(packageRoot(), 'models', `${given}.gguf`) : given;
}

function isFile(path: string): boolean {
  return statSync(path, { throwIfNoEntry: false })?.isFile() === true;
}
