/** The keys that `longembed extend` leaves in a file: how it was made. */
export const EXTENDED_KEYS = {
  /** The strategy with every number written out: longembed with it on the original gives the file's vectors. */
  spec: 'longembed.extend.spec',
  /** Lo of the original, in tokens. */
  nativeContext: 'longembed.extend.native_context',
  /** The context length that the original's file gave, which for a position matrix is its rows. */
  originalContext: 'longembed.extend.original_context_length',
  /** longembed's version. */
  version: 'longembed.extend.version',
} as const;

/** The keys that `longembed tune` leaves beside them: how rows were learned. */
export const TUNED_KEYS = {
  /** Steps after which the rows were as they are. */
  step: 'longembed.tune.step',
  /** Steps of the whole run. */
  steps: 'longembed.tune.steps',
  batch: 'longembed.tune.batch',
  learningRate: 'longembed.tune.learning_rate',
  warmup: 'longembed.tune.warmup',
  temperature: 'longembed.tune.temperature',
  weightDecay: 'longembed.tune.weight_decay',
  seed: 'longembed.tune.seed',
  /** How many pairs there were, and the SHA-256 of their file. */
  pairs: 'longembed.tune.pairs',
  pairsSha256: 'longembed.tune.pairs_sha256',
  /** The SHA-256 of the original. */
  modelSha256: 'longembed.tune.model_sha256',
  /** Mean reciprocal rank on held-out pairs; absent: not judged. */
  devScore: 'longembed.tune.dev_reciprocal_rank',
} as const;

/** The keys of a file whose short inputs are at other positions than their indices: see `ShortInputs`. */
export const SHORT_INPUT_KEYS = {
  upTo: 'longembed.short_inputs.up_to',
  stride: 'longembed.short_inputs.stride',
} as const;

/** How the rows of a file were learned. */
export interface TunedRecord {
  /** Steps after which the rows were as they are, and steps of the whole run. */
  readonly step: number;
  readonly steps: number;
  readonly batch: number;
  readonly learningRate: number;
  /** How many pairs there were, and the SHA-256 of their file. */
  readonly pairs: number;
  readonly pairsSha256: string;
  /** Mean reciprocal rank on held-out pairs, 0 to 1; null: not judged. */
  readonly devScore: number | null;
}

/** A file's record of its own extension. Lengths are in tokens. */
export interface Extended {
  /** The strategy that was written into it, such as "pi:4k,s=8,attention-scale=off". */
  readonly spec: string;
  /** Lo of the original. */
  readonly nativeContext: number;
  /** The context length that the original's file gave. */
  readonly originalContext: number;
  /** How its rows were learned (`longembed tune`); null: they were computed (`longembed extend`). */
  readonly tuned: TunedRecord | null;
}

/** @returns null when the file was not made by `longembed extend` or `longembed tune` */
export function readExtended(metadata: Readonly<Record<string, string>>): Extended | null {
  const spec = metadata[EXTENDED_KEYS.spec];
  const nativeContext = Number(metadata[EXTENDED_KEYS.nativeContext]);
  const originalContext = Number(metadata[EXTENDED_KEYS.originalContext]);
  if (spec === undefined || !Number.isInteger(nativeContext) || !Number.isInteger(originalContext))
    return null;
  return { spec, nativeContext, originalContext, tuned: readTuned(metadata) };
}

function readTuned(metadata: Readonly<Record<string, string>>): TunedRecord | null {
  const pairsSha256 = metadata[TUNED_KEYS.pairsSha256];
  if (pairsSha256 === undefined) return null;
  const number = (key: string): number => Number(metadata[key] ?? Number.NaN);
  return {
    step: number(TUNED_KEYS.step),
    steps: number(TUNED_KEYS.steps),
    batch: number(TUNED_KEYS.batch),
    learningRate: Number(number(TUNED_KEYS.learningRate).toPrecision(6)),
    pairs: number(TUNED_KEYS.pairs),
    pairsSha256,
    devScore: metadata[TUNED_KEYS.devScore] === undefined ? null : number(TUNED_KEYS.devScore),
  };
}

/** What a file says about its short inputs; null: nothing, or nothing that makes sense. */
export function readShortInputs(
  metadata: Readonly<Record<string, string>>,
): { readonly upTo: number; readonly stride: number } | null {
  const upTo = Number(metadata[SHORT_INPUT_KEYS.upTo]);
  const stride = Number(metadata[SHORT_INPUT_KEYS.stride]);
  return Number.isInteger(upTo) && Number.isInteger(stride) && upTo >= 1 && stride >= 1
    ? { upTo, stride }
    : null;
}
