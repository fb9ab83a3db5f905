/** A random model's spec: sizes, options and a seed. Whatever is left out takes the architecture's default. */
import { DECODERS } from './decoders.js';
import { ENCODERS } from './encoders.js';
import { T5 } from './t5.js';
import type { ArchitectureEntry, ResolvedOptions, SpecOptions } from './model-spec.js';

/** By GGUF's names. */
export const ARCHITECTURES = { ...ENCODERS, ...T5, ...DECODERS };
export type Architecture = keyof typeof ARCHITECTURES;
export const ARCHITECTURE_NAMES = Object.keys(ARCHITECTURES) as Architecture[];
/** Those with positions, which strategies change. */
export const POSITION_ARCHITECTURES = ARCHITECTURE_NAMES.filter((arch) => !entryOf(arch).byDistance);

export type { SpecPooling } from './model-spec.js';

/** A spec with every default filled in. */
export type ResolvedSpec = ResolvedOptions & { arch: Architecture };

/** A random model: an architecture and its options. */
export interface ModelSpec extends SpecOptions {
  arch: Architecture;
}

const COMMON: Omit<ResolvedSpec, 'arch' | 'headSize'> = {
  seed: 1,
  layers: 4,
  dimensions: 64,
  heads: 4,
  headsKv: 4,
  feedForward: 128,
  context: 64,
  ropeBase: 10000,
  vocabulary: 1024,
  pooling: 'mean',
  type: 'F32',
  biases: true,
  causal: false,
  fusedQkv: false,
  tokenTypes: true,
  addBos: true,
  addEos: true,
  window: 16,
  head: 0,
  gate: 'separate',
  gated: false,
  biasByLayer: false,
  experts: 0,
  expertsUsed: 2,
};

/**
 * The spec with every default filled in.
 *
 * @throws RangeError where a size is impossible
 */
export function resolveSpec(spec: ModelSpec): ResolvedSpec {
  const defaults = { ...COMMON, ...entryOf(spec.arch).defaults };
  const headsKv = spec.headsKv ?? (entryOf(spec.arch).isDecoder ? undefined : spec.heads);
  const given = Object.fromEntries(
    Object.entries({ ...spec, headsKv }).filter(([, value]) => value !== undefined),
  ) as Partial<ResolvedSpec>;
  const { dimensions, heads } = { ...defaults, ...given };
  const resolved: ResolvedSpec = { headSize: dimensions / heads, ...defaults, ...given, arch: spec.arch };
  check(resolved);
  return resolved;
}

function check(spec: ResolvedSpec): void {
  const sizes = [
    'layers',
    'dimensions',
    'heads',
    'headsKv',
    'headSize',
    'feedForward',
    'context',
    'vocabulary',
  ] as const;
  for (const key of sizes) {
    if (!Number.isInteger(spec[key]) || spec[key] < 1) {
      throw new RangeError(`${key} must be a whole number of at least 1, not ${String(spec[key])}`);
    }
  }
  if (spec.headSize % 2 !== 0) throw new RangeError(`headSize (${spec.headSize}) must be even`);
  const { isDecoder, hasHeadSize } = entryOf(spec.arch);
  if (!isDecoder && !hasHeadSize && spec.headSize * spec.heads !== spec.dimensions) {
    throw new RangeError(`headSize (${spec.headSize}) of ${spec.arch} must be dimensions / heads`);
  }
  if (spec.heads % spec.headsKv !== 0 || (!entryOf(spec.arch).isDecoder && spec.heads !== spec.headsKv)) {
    throw new RangeError(`headsKv (${spec.headsKv}) does not fit heads (${spec.heads}) of ${spec.arch}`);
  }
  if (spec.causal && !entryOf(spec.arch).isDecoder) throw new RangeError(`${spec.arch} cannot be causal`);
}

function entryOf(arch: Architecture): ArchitectureEntry {
  return ARCHITECTURES[arch];
}
