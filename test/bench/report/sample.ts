/** Results to draw reports of: made up, but of the right shape, and the same each time. */
import { createHash } from 'node:crypto';
import type {
  ModelResult,
  Results,
  RunResult,
  SplitResult,
  TaskDataResult,
  TaskResult,
} from '../../../bench/results/results.js';
import { TASK_NAMES, type TaskName } from '../../../bench/tasks/index.js';

export const LENGTHS = [256, 512, 1024, 2048, 4096, 8192, 16384, 32768];

const SYNTHETIC: readonly TaskName[] = ['passkey', 'needle'];
/** Documents and queries of the real tasks. */
const COUNTS: Partial<Record<TaskName, [documents: number, queries: number]>> = {
  narrativeqa: [355, 10449],
  qmsum: [197, 1527],
  summ_screen_fd: [336, 336],
  '2wikimqa': [300, 300],
};
const DEPTHS = [1, 3, 5, 10, 20, 100, 1000];

/** A number from 0 to 1 for a name. */
function noise(name: string): number {
  return createHash('sha256').update(name).digest().readUInt32BE(0) / 2 ** 32;
}

function sha256(name: string): string {
  return createHash('sha256').update(name).digest('hex');
}

export function sampleModel(id: string, changes: Partial<ModelResult> = {}): ModelResult {
  return {
    id,
    name: id,
    file: `${id}-q8_0.gguf`,
    sha256: sha256(id),
    preset: null,
    architecture: 'bert',
    quantization: 'Q8_0',
    parameters: 109_482_240,
    dimensions: 768,
    positionEncoding: 'absolute',
    nativeContext: 512,
    pooling: 'mean',
    prompts: { query: 'query: ', document: 'passage: ' },
    engine: 'graph on CPU',
    unsupported: [],
    ...changes,
  };
}

/** A strategy on a model, as a spec. */
export interface Wanted {
  readonly method: RunResult['method'];
  /** In tokens. */
  readonly target: number;
  /** Left out: written from the two. */
  readonly extend?: string;
}

/** The splits of a task and how large they are. */
function splitsOf(task: TaskName, lengths: readonly number[]): TaskDataResult['splits'] {
  const described = SYNTHETIC.includes(task)
    ? lengths.map((length) => ({ name: `test_${length}`, length, documents: 100, queries: 50 }))
    : [{ name: task === 'summ_screen_fd' ? 'validation' : 'test', length: null, ...countsOf(task) }];
  return described.map((split) => ({ ...split, sha256: sha256(`${task} ${split.name}`) }));
}

function countsOf(task: TaskName): { documents: number; queries: number } {
  const [documents, queries] = COUNTS[task] ?? [0, 0];
  return { documents, queries };
}

function sampleSplit(
  task: TaskName,
  split: TaskDataResult['splits'][number],
  model: ModelResult,
  wanted: Wanted,
): SplitResult {
  const seed = `${model.id} ${wanted.method} ${wanted.target} ${task} ${split.name}`;
  const main = sampleScore(task, split.length, wanted, noise(seed));
  const scores: Record<string, number> = { accuracy_at_1: split.length === null ? main * 0.7 : main };
  for (const metric of ['ndcg', 'map', 'mrr', 'recall', 'precision']) {
    for (const [i, depth] of DEPTHS.entries()) {
      const score = main * (0.7 + 0.05 * i);
      scores[`${metric}_at_${depth}`] = metric === 'precision' ? score / depth : Math.min(1, score);
    }
  }
  scores['ndcg_at_10'] = split.length === null ? main : (scores['ndcg_at_10'] ?? 0);
  const { name, length, documents, queries } = split;
  return {
    name,
    length,
    documents,
    queries,
    documentTokens: documents * Math.min(length ?? 9000, wanted.target),
    truncatedDocuments: (length ?? 9000) > wanted.target ? documents : 0,
    scores,
    perQuery: Object.fromEntries(
      Array.from({ length: queries }, (_, i) => [`q${i}`, noise(`${seed} ${i}`) < main ? 1 : 0]),
    ),
  };
}

/** Falls beyond the target, rises with it, and differs a little from run to run; of 50 queries where there is a length. */
function sampleScore(
  task: TaskName,
  length: number | null,
  { method, target }: Wanted,
  luck: number,
): number {
  const reach = Math.log2(target / 256);
  if (length === null) {
    const ease = { narrativeqa: 0.2, qmsum: 0.2, summ_screen_fd: 0.6, '2wikimqa': 0.5 }[task as string] ?? 0;
    return ease + 0.04 * reach + 0.08 * luck - (method === 'rp' && target === 1024 ? 0.12 : 0);
  }
  const past = Math.max(0, Math.log2(length / target));
  const easy = task === 'passkey' ? 1 : 0.92 - 0.05 * Math.log2(length / 256);
  return Math.round(50 * Math.max(0, easy * 0.45 ** past - 0.12 * luck)) / 50;
}

function sampleRun(
  model: ModelResult,
  wanted: Wanted,
  tasks: readonly TaskName[],
  lengths: readonly number[],
): RunResult {
  const { method, target } = wanted;
  const size = target % 1024 === 0 ? `${target / 1024}k` : String(target);
  const results = tasks.map((task): TaskResult => {
    const mainMetric = SYNTHETIC.includes(task) ? 'accuracy_at_1' : 'ndcg_at_10';
    const splits = splitsOf(task, lengths).map((split) => sampleSplit(task, split, model, wanted));
    return { task, mainMetric, main: mean(splits.map(({ scores }) => scores[mainMetric] ?? 0)), splits };
  });
  return {
    model: model.id,
    extend: wanted.extend ?? (method === 'none' ? 'none' : `${method}:${size}`),
    method,
    target,
    tasks: results,
    average: tasks.length === TASK_NAMES.length ? mean(results.map(({ main }) => main)) : null,
  };
}

function mean(values: readonly number[]): number {
  return values.reduce((sum, value) => sum + value, 0) / values.length;
}

export interface SampleOptions {
  readonly models: readonly { readonly model: ModelResult; readonly wanted: readonly Wanted[] }[];
  readonly tasks: readonly TaskName[];
  readonly lengths?: readonly number[];
  readonly limit?: number | null;
}

export function sampleResults({ models, tasks, lengths = LENGTHS, limit = null }: SampleOptions): Results {
  return {
    format: 'longembed-bench/1',
    versions: { longembed: '0.1.0', llama: 'v0.5.0', commit: '7fe450e', node: 'v22.12.0' },
    machine: {
      platform: 'linux x64',
      cpu: 'AMD EPYC 7763 64-Core Processor',
      cores: 16,
      memoryBytes: 128 * 2 ** 30,
      threads: 16,
      backend: 'CPU',
    },
    seed: 0,
    limit,
    data: tasks.map((task) => ({
      task,
      origin: SYNTHETIC.includes(task) ? 'generated' : 'hub dwzhu/LongEmbed@6e34664',
      splits: splitsOf(task, lengths),
    })),
    models: models.map(({ model }) => model),
    runs: models.flatMap(({ model, wanted }) => wanted.map((one) => sampleRun(model, one, tasks, lengths))),
  };
}

const NONE: Wanted = { method: 'none', target: 512 };

function everyTarget(methods: readonly RunResult['method'][]): Wanted[] {
  return methods.flatMap((method) => [1024, 2048, 4096].map((target) => ({ method, target })));
}

/** Three models, up to six strategies at up to three targets, all six tasks. */
export function largeSample(): Results {
  const refused = ['ntk:4k', 'se:4k'].map((extend) => ({
    extend,
    reason: `${extend.split(':')[0] ?? ''} changes RoPE, and this model has absolute positions: use pcw, gp, rp or pi.`,
  }));
  const mistral: Wanted[] = (['pcw', 'gp', 'pi', 'ntk', 'se'] as const).map((method) => ({
    method,
    target: 32768,
  }));
  return sampleResults({
    tasks: TASK_NAMES,
    models: [
      {
        model: sampleModel('e5-base-v2', { preset: 'e5-base-v2', unsupported: refused }),
        wanted: [NONE, ...everyTarget(['pcw', 'gp', 'rp', 'pi'])],
      },
      {
        model: sampleModel('e5rope-base', {
          preset: 'e5rope-base',
          architecture: 'jina-bert-v3',
          positionEncoding: 'rope',
        }),
        wanted: [NONE, ...everyTarget(['pcw', 'gp', 'pi', 'ntk', 'se'])],
      },
      {
        model: sampleModel('e5-mistral-7b-instruct', {
          preset: 'e5-mistral-7b-instruct',
          architecture: 'llama',
          quantization: 'Q4_K_M',
          parameters: 7_110_660_096,
          dimensions: 4096,
          positionEncoding: 'rope',
          nativeContext: 4096,
          pooling: 'last',
          prompts: {
            query:
              'Instruct: Given a web search query, retrieve relevant passages that answer the query\nQuery: ',
            document: '',
          },
          engine: 'graph on CUDA',
        }),
        wanted: [{ method: 'none', target: 4096 }, ...mistral],
      },
    ],
  });
}

/** One model as it is, one task. */
export function smallSample(): Results {
  return sampleResults({
    tasks: ['qmsum'],
    models: [{ model: sampleModel('e5-small-v2'), wanted: [NONE] }],
  });
}

/** A quick look: two models, few documents, two lengths. */
export function limitedSample(): Results {
  return sampleResults({
    limit: 20,
    tasks: ['passkey', 'qmsum'],
    lengths: [512, 2048],
    models: [
      {
        model: sampleModel('e5-base-v2', { preset: 'e5-base-v2' }),
        wanted: [NONE, { method: 'pcw', target: 4096 }],
      },
      {
        model: sampleModel('e5rope-base', { preset: 'e5rope-base', positionEncoding: 'rope' }),
        wanted: [NONE, { method: 'se', target: 4096 }],
      },
    ],
  });
}
