/** Random models for tests: made once into .cache/models, by name or by spec. */
import { randomUUID } from 'node:crypto';
import { existsSync, mkdirSync, renameSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

import {
  type ModelSpec,
  NAMED_SPECS,
  specKey,
  type SpecName,
  writeModel,
} from '../scripts/make-model/index.js';
import { tokenizerJson } from '../scripts/make-model/tokenizer-json.js';

export type { ModelSpec, SpecName };

const FOLDER = fileURLToPath(new URL('../.cache/models/', import.meta.url));

/**
 * The path of a model's GGUF file, made on the first call. Several processes may ask at once: each writes its own copy and
 * renames it into place, and all copies are equal.
 *
 * @param model a name of scripts/make-model/spec.ts, or a spec of your own
 */
export function modelPath(model: SpecName | ModelSpec): string {
  const spec = specOf(model);
  const path = cachePath(model, 'gguf');
  if (!existsSync(path)) writeModel(spec, path);
  return path;
}

/** The path of the tokenizer.json that says what the model's own vocabulary says. */
export function tokenizerPath(model: SpecName | ModelSpec): string {
  const path = cachePath(model, 'tokenizer.json');
  if (!existsSync(path)) {
    const temporary = `${path}.${randomUUID()}.part`;
    mkdirSync(FOLDER, { recursive: true });
    writeFileSync(temporary, JSON.stringify(tokenizerJson(specOf(model))));
    renameSync(temporary, path);
  }
  return path;
}

function specOf(model: SpecName | ModelSpec): ModelSpec {
  return typeof model === 'string' ? NAMED_SPECS[model] : model;
}

function cachePath(model: SpecName | ModelSpec, extension: string): string {
  const name = typeof model === 'string' ? model : model.arch;
  return join(FOLDER, `${name}-${specKey(specOf(model))}.${extension}`);
}
