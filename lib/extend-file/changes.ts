import type { ExtendFacts, ResolvedExtend, WindowPlan } from '../extend/index.js';
import type { GgufFile, MetadataEntry, TensorSource } from '../gguf/index.js';
import type { Metadata } from './file-facts.js';

/** What an extended file has that the original has not. */
export interface Changes {
  /** Entries that take the place of those with their keys, or come at the end. */
  readonly metadata: readonly MetadataEntry[];
  /** Tensors that take the place of those with their names. */
  readonly tensors: readonly TensorSource[];
}

/** What there is to know when a strategy is written into a file. */
export interface Extension {
  readonly file: GgufFile;
  readonly metadata: Metadata;
  readonly facts: ExtendFacts;
  readonly resolved: ResolvedExtend;
  /** The plan of the longest text: a file can hold no other. */
  readonly plan: WindowPlan;
}
