import { type MetadataEntry, u32Entry } from '../../gguf/index.js';
import { inexpressible } from '../invalid.js';
import type { Settings } from '../json-file.js';
import type { FilePooling } from '../sentence-transformers.js';
import type { TensorPlan } from '../tensors.js';
import type { Weights } from '../weights.js';
import type { Checkpoint } from './architecture.js';

/** GGUF's numbers of the poolings. */
const POOLING_IDS: Readonly<Record<FilePooling, number>> = { mean: 1, cls: 2, last: 3 };

/** The most layers that llama.cpp can load. */
const MAX_LAYERS = 512;

/** The number of layers, from a key of config.json. */
export function layersOf(config: Settings, key: string): number {
  return config.whole(key, undefined, { max: MAX_LAYERS });
}

export function poolingEntries(architecture: string, pooling: FilePooling | null): readonly MetadataEntry[] {
  return pooling === null ? [] : [u32Entry(`${architecture}.pooling_type`, POOLING_IDS[pooling])];
}

/** Makes plans of tensors from weights whose names may begin with a prefix, such as "bert.". */
export class Planner {
  readonly #weights: Weights;
  readonly #prefix: string;

  /** @param prefixes those that the names may have; the one that gives `first` a weight is used */
  constructor(weights: Weights, prefixes: readonly string[], first: string) {
    this.#weights = weights;
    this.#prefix = ['', ...prefixes].find((prefix) => weights.has(prefix + first)) ?? '';
  }

  has(from: string): boolean {
    return this.#weights.has(this.#prefix + from);
  }

  tensor(name: string, from: string, shape: readonly number[], more: Partial<TensorPlan> = {}): TensorPlan {
    return { name, weights: this.#weights, from: this.#prefix + from, shape, ...more };
  }

  /** A matrix and its bias. */
  linear(name: string, from: string, outputs: number, inputs: number): TensorPlan[] {
    return [
      this.tensor(`${name}.weight`, `${from}.weight`, [outputs, inputs]),
      this.tensor(`${name}.bias`, `${from}.bias`, [outputs]),
    ];
  }

  /** A norm's factors and offsets, which old checkpoints call gamma and beta. */
  layerNorm(name: string, from: string, size: number): TensorPlan[] {
    const old = this.has(`${from}.gamma`) && !this.has(`${from}.weight`);
    return [
      this.tensor(`${name}.weight`, `${from}.${old ? 'gamma' : 'weight'}`, [size]),
      this.tensor(`${name}.bias`, `${from}.${old ? 'beta' : 'bias'}`, [size]),
    ];
  }
}

/** GGUF's names of the dense layers over the pooled vector, in their order. */
const HEAD_NAMES = ['dense_2', 'dense_3'] as const;

/**
 * The dense layers over the pooled vector.
 * @param inputs dimensions of the pooled vector
 * @throws LongEmbedError ERR_ARCHITECTURE_UNSUPPORTED when there are more than a file can hold, or their sizes do not match
 */
export function headTensors({ folder, dense }: Checkpoint, inputs: number): TensorPlan[] {
  if (dense.length > HEAD_NAMES.length) {
    throw inexpressible(folder, `${dense.length} dense layers follow its pooling.`);
  }
  return dense.flatMap((layer, i) => {
    const name = HEAD_NAMES[i] ?? '';
    const expected = i === 0 ? inputs : dense[i - 1]?.outputs;
    if (layer.inputs !== expected) {
      throw inexpressible(folder, `its dense layer takes ${layer.inputs} numbers, but gets ${expected}.`);
    }
    const { weights, outputs } = layer;
    return [
      { name: `${name}.weight`, weights, from: 'linear.weight', shape: [outputs, layer.inputs] },
      ...(layer.bias ? [{ name: `${name}.bias`, weights, from: 'linear.bias', shape: [outputs] }] : []),
    ];
  });
}

/** @throws LongEmbedError ERR_ARCHITECTURE_UNSUPPORTED for dense layers where the architecture has no place for them */
export function refuseHead({ folder, dense }: Checkpoint): void {
  if (dense.length > 0) throw inexpressible(folder, 'a dense layer follows its pooling.');
}
