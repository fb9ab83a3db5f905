import type { Pooling } from '../../native/types.js';

/** The shape that a file must have to match a known model: names alone are too easily shared. */
export interface Shape {
  readonly architecture: string;
  readonly dimensions: number;
  readonly layers: number;
  /** Smallest and largest vocabulary: converters may pad it. */
  readonly vocabulary: readonly [number, number];
  /** Rows of the position matrix, for models that have one. */
  readonly positionRows?: readonly [number, number];
}

/** Properties of a model that its file lacks, or gives wrongly. */
export interface Preset {
  /** The name in `LoadOptions.preset` and `ModelInfo.preset`: the repository's, without its owner. */
  readonly name: string;
  /** Other names that files of it carry. */
  readonly aliases?: readonly string[];
  /** Identifies it where a converter named the file after the model it was trained from. */
  readonly trained?: Trained;
  readonly shape: Shape;
  readonly pooling: Pooling;
  readonly prompts: { readonly query: string; readonly document: string };
  /** Lo in tokens. */
  readonly nativeContext: number;
  /** Set where the file's vocabulary flags differ from the model's training. */
  readonly specialTokens?: {
    readonly bos?: boolean;
    readonly eos?: boolean;
    /** Id of the token that ends a sequence, where files name another one as EOS. */
    readonly eosToken?: number;
  };
  /** Whether its tokens attend in both directions although it has a decoder's architecture, which files may not say. */
  readonly bidirectional?: boolean;
  /** Positions of short inputs; see `ShortInputs`. */
  readonly shortInputs?: ShortInputs;
}

/** The base model and the training data of a model: together they identify it among models of the same origin. */
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
