/** Random models by name or by spec, each written once into .cache/models. */
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

import { type ModelSpec, NAMED_SPECS, specKey, type SpecName, writeModel } from './index.js';

export type { ModelSpec, SpecName };

const FOLDER = fileURLToPath(new URL('../../.cache/models/', import.meta.url));

/**
 * The path of a model's GGUF file, made on the first call. Several processes may ask at once: each writes its own copy and
 * renames it into place, and all copies are equal.
 *
 * @param model a name of models/random/named.ts, or a spec of your own
 */
export function modelPath(model: SpecName | ModelSpec): string {
  const [name, spec] = typeof model === 'string' ? [model, NAMED_SPECS[model]] : [model.arch, model];
  const path = join(FOLDER, `${name}-${specKey(spec)}.gguf`);
  if (!existsSync(path)) writeModel(spec, path);
  return path;
}
