import type { MetadataEntry } from '../../gguf/index.js';
import type { Settings } from '../json-file.js';
import type { FilePooling } from '../sentence-transformers.js';
import type { TensorPlan } from '../tensors.js';
import type { Weights } from '../weights.js';

/** A checkpoint whose files are open. */
export interface Checkpoint {
  /** As the user gave it. */
  readonly folder: string;
  /** Where config.json, the tokenizer and the weights are. */
  readonly transformer: string;
  readonly config: Settings;
  readonly weights: Weights;
  readonly pooling: FilePooling | null;
  /** Whether the mean leaves out a prompt. */
  readonly excludesPrompt: boolean;
  readonly dense: readonly DenseLayer[];
}

/** A dense layer over the pooled vector: weight [out, in], perhaps a bias, no activation. */
export interface DenseLayer {
  readonly weights: Weights;
  readonly inputs: number;
  readonly outputs: number;
  readonly bias: boolean;
}

/** What a file of an architecture holds. */
export interface Conversion {
  /** GGUF's name of the architecture. */
  readonly architecture: string;
  readonly dimensions: number;
  /** The architecture's keys and the vocabulary's. */
  readonly metadata: readonly MetadataEntry[];
  readonly tensors: readonly TensorPlan[];
}

/** An architecture that can be converted. */
export interface ConvertedArchitecture {
  /** config.json's `model_type`. */
  readonly modelTypes: readonly string[];
  /**
   * Whether a checkpoint of such a type is one; another entry may take it.
   * Without it, all are.
   */
  readonly takes?: (checkpoint: Checkpoint) => boolean;
  /** @throws LongEmbedError ERR_MODEL_INVALID, ERR_ARCHITECTURE_UNSUPPORTED */
  readonly convert: (checkpoint: Checkpoint) => Promise<Conversion>;
}
