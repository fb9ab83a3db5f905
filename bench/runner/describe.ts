import { cpus, totalmem } from 'node:os';
import { basename } from 'node:path';
import { addon } from '../../lib/native/index.js';
import { packageVersion } from '../../lib/package.js';
import {
  RESULTS_FORMAT,
  SCORING_FORMAT,
  type ModelResult,
  type Results,
  type TaskDataResult,
} from '../results/results.js';
import type { ReadTask } from './data.js';
import { lexicalModel } from './lexical.js';
import type { CheckedModel } from './models.js';
import type { BenchOptions } from './types.js';
import { unsupportedName } from './plan.js';
import type { Prepared } from './prepare.js';

/** Results without runs: models, data, machine and versions. Nothing in it differs between two identical runs. */
export function describeRun({ tasks, models }: Prepared, options: BenchOptions): Results {
  const { seed, limit, dimensions, lexical = false } = options;
  const { llama, commit } = addon().buildInfo();
  // A server's model says nothing of this machine.
  const first = models.find(({ info }) => info.engine !== 'remote')?.info;
  return {
    format: isPlainOnly(options) ? RESULTS_FORMAT : SCORING_FORMAT,
    versions: { longembed: packageVersion(), llama, commit, node: process.versions.node },
    machine: {
      platform: `${process.platform}-${process.arch}`,
      cpu: cpus()[0]?.model.trim() ?? 'unknown',
      cores: cpus().length,
      memoryBytes: totalmem(),
      threads: first?.threads ?? 0,
      backend: first?.device ?? '',
    },
    seed,
    limit,
    data: tasks.map(describeTask),
    models: [
      ...models.map((model) => describeModel(model, dimensions)),
      ...(lexical ? [lexicalModel()] : []),
    ],
    runs: [],
  };
}

/** Whether all runs rank by single vectors alone. */
function isPlainOnly({ lexical = false, hybrid = false, vectors = [] }: BenchOptions): boolean {
  return !lexical && !hybrid && vectors.every((one) => one === 'document');
}

function describeTask({ task, origin, splits }: ReadTask): TaskDataResult {
  return {
    task: task.name,
    origin,
    splits: splits.map(({ name, length, sha256, documents, queries }) => ({
      name,
      length,
      documents: documents.hashes.length,
      queries: queries.hashes.length,
      sha256,
    })),
  };
}

function describeModel(
  { id, path, sha256, info, unsupported }: CheckedModel,
  dimensions: number | null,
): ModelResult {
  return {
    id,
    name: info.name,
    file: info.engine === 'remote' ? path : basename(path),
    sha256,
    preset: info.preset,
    architecture: info.architecture,
    quantization: info.quantization,
    ...(info.engine === 'remote' ? {} : { precision: info.precision }),
    parameters: info.parameters,
    dimensions: dimensions ?? info.dimensions,
    ...(dimensions === null || dimensions === info.dimensions ? {} : { fullDimensions: info.dimensions }),
    positionEncoding: info.engine === 'remote' ? 'unknown' : info.positionEncoding,
    nativeContext: info.nativeContext,
    // A file's model without pooling is refused before this.
    pooling: info.pooling ?? (info.engine === 'remote' ? "the server's" : ''),
    prompts: { query: info.prompts.query, document: info.prompts.document },
    engine: info.engine === 'remote' ? `the server ${info.device}` : `${info.engine} on ${info.device}`,
    unsupported: unsupported.map((one) => ({ extend: unsupportedName(one), reason: one.reason })),
  };
}
