import {
  planDocument,
  resolveExtend,
  type StrategyContext,
  type ResolvedExtend,
} from '../../lib/extend/index.js';
import { EmbeddingModel, type ModelInfo } from '../../lib/index.js';
import type { ModelSpec } from '../../models/random/index.js';
import { type Shape, speedModel, SPECS, type Type } from './models.js';
import type { SpeedOptions, Strategy } from './options.js';
import { textsOf, type Workload, WORKLOADS, type WorkloadName } from './workloads.js';

/** A row of the table: one workload on one model with one strategy. */
export interface Row {
  readonly workload: WorkloadName;
  readonly shape: Shape;
  readonly type: Type;
  readonly strategy: Strategy;
}

/** The input of all engines for a row. */
export interface Task {
  readonly path: string;
  readonly info: ModelInfo;
  readonly pooling: string;
  /** longembed's own spec, without scaling of logits, which the others do not support. */
  readonly spec: string;
  readonly extend: ResolvedExtend;
  /** The RoPE base of the strategy; 0: the file's, or none. */
  readonly ropeBase: number;
  readonly texts: readonly Int32Array[];
  /** The sequences to compute, for engines without windows: text by text, the windows of each. */
  readonly windows: readonly (readonly Int32Array[])[];
  readonly tokens: number;
}

/** The rows that the options ask for. Strategies are for texts beyond the native context. */
export function rowsOf(options: SpeedOptions): Row[] {
  return options.workloads.flatMap((workload) => {
    const { shape, type: only }: Workload = WORKLOADS[workload];
    const extends_ = workload === '2k' || workload === '8k' || workload === '32k';
    const types = only === undefined ? options.types : [only];
    const strategies: readonly Strategy[] = extends_ ? options.strategies : ['none'];
    return types.flatMap((type) => strategies.map((strategy) => ({ workload, shape, type, strategy })));
  });
}

export async function taskOf(row: Row): Promise<Task> {
  const path = speedModel(row.shape, row.type);
  await using model = await EmbeddingModel.load(path, { backend: 'cpu' });
  const { info } = model;
  const workload: Workload = WORKLOADS[row.workload];
  const texts = textsOf(workload, { ...info.specialTokens, vocabulary: info.vocabularySize });
  const facts: StrategyContext = info;
  const target = Math.max(info.nativeContext, workload.lengths[1]);
  const spec = `${row.strategy}:${target},attention-scale=off`;
  const extend = resolveExtend(spec, facts);
  return {
    path,
    info,
    pooling: info.pooling ?? 'mean',
    spec,
    extend,
    ropeBase: info.ropeBase * Number(extend.parameters['lambda'] ?? 0),
    texts,
    windows: texts.map((ids) => windowsOf(ids, extend, info)),
    tokens: texts.reduce((sum, { length }) => sum + length, 0),
  };
}

function windowsOf(ids: Int32Array, extend: ResolvedExtend, info: ModelInfo): Int32Array[] {
  const { prefix, suffix } = info.specialTokens;
  const overhead = { before: prefix.length, after: suffix.length };
  const content = ids.subarray(prefix.length, ids.length - suffix.length);
  return planDocument(extend, info, content.length, overhead).map(({ from, to }) =>
    Int32Array.from([...prefix, ...content.subarray(from, to), ...suffix]),
  );
}

/** Architectures of the workloads whose feed-forward part has no gate. */
const UNGATED = ['bert', 'jina-bert-v3'];

/**
 * Floating-point operations of a row: the matrix products of weights and of attention, for all tokens and layers. Some
 * engines skip what a pooled last token does not need; the figure is the same for all.
 */
export function operationsOf({ shape }: Row, { info, windows }: Task): number {
  const { dimensions, heads, headsKv, feedForward, layers, architecture, causal } = info;
  const spec: ModelSpec = SPECS[shape];
  const attended = heads * (spec.headSize ?? dimensions / heads); // dimensions of all heads together
  const projections = 2 * dimensions * attended * (1 + headsKv / heads);
  const weights = projections + (UNGATED.includes(architecture) ? 2 : 3) * dimensions * feedForward;
  const everyKey = spec.window === undefined ? layers : Math.ceil(layers / 3); // ModernBERT: every third layer is global
  const pairs = (n: number): number =>
    everyKey * n * n * (causal ? 0.5 : 1) + (layers - everyKey) * n * Math.min(n, (spec.window ?? 0) + 1);
  return windows
    .flat()
    .reduce((sum, { length }) => sum + layers * 2 * weights * length + 4 * attended * pairs(length), 0);
}
