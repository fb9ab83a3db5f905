import type { Pooling } from '../../native/index.js';

/** What a file must be to be taken for a known model: names alone are too easily shared. */
export interface Shape {
  readonly architecture: string;
  readonly dimensions: number;
  readonly layers: number;
  /** Smallest and largest vocabulary: converters may pad it. */
  readonly vocabulary: readonly [number, number];
  /** Rows of the position matrix, for models that have one. */
  readonly positionRows?: readonly [number, number];
}

/** What is known of a model that its file does not say, or says wrongly. */
export interface Preset {
  /** As `LoadOptions.preset` and `ModelInfo.preset` say it: the repository's name without its owner. */
  readonly name: string;
  /** Other names that files of it carry. */
  readonly aliases?: readonly string[];
  /** How to know it where a converter named the file after the model it was trained from. */
  readonly trained?: Trained;
  readonly shape: Shape;
  readonly pooling: Pooling;
  readonly prompts: { readonly query: string; readonly document: string };
  /** Lo in tokens. */
  readonly nativeContext: number;
  /** Where the file's vocabulary flags are not what the model was trained with. */
  readonly specialTokens?: { readonly bos?: boolean; readonly eos?: boolean };
  /** Positions of short inputs; see `ShortInputs`. */
  readonly shortInputs?: ShortInputs;
}

/** A model known by what it was trained from, and on: together these tell it from others of the same origin. */
export interface Trained {
  /** Name of the model it was trained from, in canonical spelling. */
  readonly from: string;
  /** Some of the data sets that its card lists, in canonical spelling. */
  readonly on: readonly string[];
}

/** A model whose sequences of up to `upTo` tokens take the positions 0, stride, 2 × stride, … instead of 0, 1, 2, … */
export interface ShortInputs {
  readonly upTo: number;
  readonly stride: number;
}
