import { createHash } from 'node:crypto';
import type { ModelResult, RunResult } from '../results.js';

/**
 * What MTEB is to call a model with a strategy: "e5-base-v2/ntk-4k". MTEB wants names of the form owner/model; the model is
 * the owner here, since each strategy makes another embedding model of it.
 */
export function mtebModelName(model: ModelResult, run: RunResult): string {
  return `${fileSafe(model.id)}/${safeSpec(run.extend)}`;
}

/** The folder that MTEB looks for a model's results in. */
export function mtebFolder(name: string): string {
  return name.replace('/', '__');
}

/** "se:4k,g=9,w=64" as "se-4k_g-9_w-64": what no file system objects to, and different for different specs. */
function safeSpec(spec: string): string {
  return fileSafe(spec.replaceAll(/[:=]/g, '-').replaceAll(',', '_'));
}

/** A name as it is, if it may name a file everywhere and has no "__", which MTEB reads as "/"; else a like one that is unique. */
function fileSafe(name: string): string {
  const safe = name
    .replaceAll(/[^\w.+-]/g, '-')
    .replaceAll(/_{2,}/g, '_')
    .replaceAll(/^[._]+|[._]+$/g, '');
  return safe === name ? name : `${safe}-${createHash('sha256').update(name).digest('hex').slice(0, 8)}`;
}
