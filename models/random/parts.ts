/** Tensors and metadata that several architectures share, and the spread of their weights. */
import type { Along, Draw, Metadata, TensorPlan } from './gguf.js';
import { POOLING_IDS, type ResolvedSpec } from './model-spec.js';
import type { TensorType } from './tensor-types.js';

/**
 * Spreads, chosen so that a random model behaves like a trained one where it matters to tests: attention logits with a
 * deviation of 1 to 2 (neither flat nor a single key), norms that are not the identity, and vectors that change clearly
 * with the text and with the tokens' positions.
 */
export const SPREAD = {
  /** Output deviation of the query and key matrices for inputs of deviation 1. */
  queryKey: 1.2,
  /** Of the query and key biases: these make a pattern of attention that depends on positions alone. */
  queryKeyBias: 0.7,
  value: 1,
  attentionOutput: 1.5,
  feedForward: 1,
  bias: 0.1,
  /** Of a norm's factors around 1, and of its offsets around 0. */
  norm: 0.2,
  token: 1,
  /** Of the direction that all tokens share, in models whose queries and keys have no biases. */
  sharedToken: 0.4,
  position: 0.7,
  tokenType: 0.2,
  /** In models with experts, the columns by which routers choose: what a token has in two of them, … */
  routed: 10,
  /** … what a router takes from each, and what deviation it gives all other columns together, … */
  router: 1.2,
  routerRest: 0.1,
  /** … and factors on what layers add to them, and to the others. So no expert is chosen by a hair. */
  addedToRouted: 0.05,
  addedToOthers: 0.5,
} as const;

/** The type of a matrix: the spec's, or its part of the spec's mix. */
function tensorType({ type }: ResolvedSpec, name: string): TensorType {
  if (type !== 'Q4_K_M') return type;
  return /token_embd|attn_v|attn_qkv|ffn_down/.test(name) ? 'Q6_K' : 'Q4_K';
}

/** llama.cpp's numbers for what a file is mostly stored in (`general.file_type`). */
const FILE_TYPES = { F32: 0, F16: 1, Q8_0: 7, Q4_K: 14, Q4_K_M: 15, Q6_K: 18, BF16: 32 } as const;

/** A matrix whose output has the deviation `gain` for inputs of deviation 1. */
export function matrix(
  spec: ResolvedSpec,
  name: string,
  columns: number,
  rows: number,
  gain: number,
): TensorPlan {
  const full = `${name}.weight`;
  const draws = [{ label: full, rows, deviation: gain / Math.sqrt(columns) }];
  return { name: full, shape: [columns, rows], type: tensorType(spec, full), draws };
}

/** A row of F32 numbers around `center`. */
function row(name: string, size: number, deviation: number, center = 0): TensorPlan {
  return { name, shape: [size], type: 'F32', draws: [{ label: name, rows: size, deviation, center }] };
}

/** A row of offsets; none where the spec leaves biases out. */
export function bias(spec: ResolvedSpec, name: string, size: number): TensorPlan[] {
  return spec.biases ? [row(`${name}.bias`, size, SPREAD.bias)] : [];
}

/** A layer norm: factors and offsets. */
export function layerNorm(name: string, size: number): TensorPlan[] {
  return [...rmsNorm(name, size), row(`${name}.bias`, size, SPREAD.norm)];
}

/** A norm without offsets. */
export function rmsNorm(name: string, size: number): TensorPlan[] {
  return [row(`${name}.weight`, size, SPREAD.norm, 1)];
}

/**
 * The queries', keys' and values' tensors of a layer, three or one. The numbers are the same either way: a fused model
 * gives the vectors of the one that is not.
 */
export function attentionInputs(spec: ResolvedSpec, block: string): TensorPlan[] {
  const { dimensions } = spec;
  const [queries, keys] = [spec.headSize * spec.heads, spec.headSize * spec.headsKv];
  const unit = 1 / Math.sqrt(dimensions);
  const parts = [
    { letter: 'q', rows: queries, weight: SPREAD.queryKey * unit, bias: SPREAD.queryKeyBias },
    { letter: 'k', rows: keys, weight: SPREAD.queryKey * unit, bias: SPREAD.queryKeyBias },
    { letter: 'v', rows: keys, weight: SPREAD.value * unit, bias: SPREAD.bias },
  ];
  const planned = parts.map(({ letter, rows, weight, bias: offset }) => {
    const draw = (kind: 'weight' | 'bias', deviation: number): Draw => ({
      label: `${block}.attn_${letter}.${kind}`,
      rows,
      deviation,
    });
    return { letter, rows, weight: draw('weight', weight), bias: draw('bias', offset) };
  });
  const tensors = (name: string, of: typeof planned): TensorPlan[] => {
    const rows = of.reduce((sum, part) => sum + part.rows, 0);
    const weights = of.map((part) => part.weight);
    const biases = of.map((part) => part.bias);
    return [
      {
        name: `${block}.${name}.weight`,
        shape: [dimensions, rows],
        type: tensorType(spec, name),
        draws: weights,
      },
      ...(spec.biases
        ? [{ name: `${block}.${name}.bias`, shape: [rows], type: 'F32', draws: biases } as const]
        : []),
    ];
  };
  if (spec.fusedQkv) return tensors('attn_qkv', planned);
  return planned.flatMap((part) => tensors(`attn_${part.letter}`, [part]));
}

/** A token goes to one expert or to two; every pair of different ones occurs. */
function tokenExperts(spec: ResolvedSpec): Along[] {
  const count = spec.experts;
  const pick = (row: number): number => row % count;
  const pickOther = (row: number): number => (row + 1 + (Math.floor(row / count) % (count - 1))) % count;
  return [pick, pickOther].slice(0, spec.expertsUsed).map((of) => ({ size: SPREAD.routed, pick: of }));
}

/**
 * The rows of a matrix whose outputs are added to a token's vector: in models with experts less than the gain says, in the
 * first columns, by which routers choose, least of all.
 */
function addedDraws(spec: ResolvedSpec, { draws }: TensorPlan): Draw[] {
  if (spec.experts === 0) return [...draws];
  return draws.flatMap((draw) => [
    {
      ...draw,
      label: `${draw.label}/routed`,
      rows: spec.experts,
      deviation: draw.deviation * SPREAD.addedToRouted,
    },
    { ...draw, rows: draw.rows - spec.experts, deviation: draw.deviation * SPREAD.addedToOthers },
  ]);
}

/** A matrix whose outputs are added to a token's vector. */
export function addedMatrix(spec: ResolvedSpec, name: string, columns: number, gain: number): TensorPlan {
  const plan = matrix(spec, name, columns, spec.dimensions, gain);
  return { ...plan, draws: addedDraws(spec, plan) };
}

/** A layer's mixture of experts: a router, which stays F32 as converters leave it, and the experts' matrices. */
export function mixtureOfExperts(spec: ResolvedSpec, block: string): TensorPlan[] {
  const { dimensions, feedForward, experts } = spec;
  const each = (name: string, plan: (name: string) => TensorPlan): TensorPlan => {
    const { type, shape } = plan(name);
    const [columns, rows = 1] = shape;
    const draws = Array.from({ length: experts }, (_, expert) => plan(`${name}.${expert}`).draws).flat();
    return { name: `${name}.weight`, shape: [columns, rows, experts], type, draws };
  };
  const router = `${block}.ffn_gate_inp.weight`;
  const draw = {
    label: router,
    rows: experts,
    deviation: SPREAD.routerRest / Math.sqrt(dimensions),
    along: [{ size: SPREAD.router, pick: (row: number) => row }],
  };
  return [
    { name: router, shape: [dimensions, experts], type: 'F32', draws: [draw] },
    each(`${block}.ffn_up_exps`, (name) => matrix(spec, name, dimensions, feedForward, SPREAD.feedForward)),
    each(`${block}.ffn_down_exps`, (name) => addedMatrix(spec, name, feedForward, SPREAD.feedForward)),
  ];
}

/** The token matrix. */
export function tokenEmbedding(spec: ResolvedSpec): TensorPlan {
  const { dimensions, vocabulary } = spec;
  return {
    name: 'token_embd.weight',
    shape: [dimensions, vocabulary],
    type: tensorType(spec, 'token_embd'),
    draws: [
      {
        label: 'token_embd',
        rows: vocabulary,
        deviation: SPREAD.token,
        ...(!spec.biases && { shared: SPREAD.sharedToken }),
        ...(spec.experts > 0 && { along: tokenExperts(spec) }),
      },
    ],
  };
}

/** A table of F32 rows that are added to the tokens' vectors. */
export function addedRows(name: string, columns: number, rows: number, deviation: number): TensorPlan {
  return { name, shape: [columns, rows], type: 'F32', draws: [{ label: name, rows, deviation }] };
}

/** The keys that every architecture's metadata begins with. */
export function commonMetadata(spec: ResolvedSpec): Metadata {
  const { arch } = spec;
  return [
    ['general.architecture', { type: 'string', value: arch }],
    ['general.type', { type: 'string', value: 'model' }],
    ['general.name', { type: 'string', value: `longembed random ${arch}` }],
    ['general.description', { type: 'string', value: `random weights, seed ${spec.seed}: for tests only` }],
    ['general.file_type', { type: 'u32', value: FILE_TYPES[spec.type] }],
    ['general.quantization_version', { type: 'u32', value: 2 }],
    [`${arch}.block_count`, { type: 'u32', value: spec.layers }],
    [`${arch}.context_length`, { type: 'u32', value: spec.context }],
    [`${arch}.embedding_length`, { type: 'u32', value: spec.dimensions }],
    [`${arch}.feed_forward_length`, { type: 'u32', value: spec.feedForward }],
    [`${arch}.attention.head_count`, { type: 'u32', value: spec.heads }],
    [`${arch}.attention.head_count_kv`, { type: 'u32', value: spec.headsKv }],
    ...(spec.headSize * spec.heads === spec.dimensions
      ? []
      : (['key_length', 'value_length'] as const).map(
          (key) => [`${arch}.attention.${key}`, { type: 'u32', value: spec.headSize }] as const,
        )),
    ...(spec.pooling === null
      ? []
      : ([[`${arch}.pooling_type`, { type: 'u32', value: POOLING_IDS[spec.pooling] }]] as const)),
  ];
}
