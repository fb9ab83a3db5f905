import type { ResolvedExtend, StrategyContext, WindowPlan } from '../extend/index.js';
import type { GgufContent, GgufFile, MetadataEntry, TensorSource } from '../gguf/index.js';
import type { Metadata } from './file-facts.js';

/** A strategy to be written into a file. */
export interface Extension {
  readonly file: GgufFile;
  readonly metadata: Metadata;
  readonly context: StrategyContext;
  readonly resolved: ResolvedExtend;
  /** The plan of the longest text: a file can hold no other. */
  readonly plan: WindowPlan;
}

/** The differences of an extended file from the original. */
export interface Changes {
  /** Entries that replace those with their keys, or come at the end. */
  readonly metadata: readonly MetadataEntry[];
  /** Tensors that replace those with their names. */
  readonly tensors: readonly TensorSource[];
}

/** A file's content with changes: changed entries stay where they were, new ones come at the end. */
export function contentWith(file: GgufFile, changes: Changes): GgufContent {
  const { version, alignment, metadata, tensors } = file.header;
  const replaced = new Map(changes.tensors.map((tensor) => [tensor.name, tensor]));
  return {
    version,
    alignment,
    metadata: withEntries(metadata, changes.metadata),
    tensors: tensors.map(
      (tensor): TensorSource => replaced.get(tensor.name) ?? { ...tensor, data: () => file.dataOf(tensor) },
    ),
  };
}

function withEntries(
  before: readonly MetadataEntry[],
  changed: readonly MetadataEntry[],
): readonly MetadataEntry[] {
  const left = new Map(changed.map((entry) => [entry.key, entry]));
  const kept = before.map((entry) => {
    const change = left.get(entry.key) ?? entry;
    left.delete(entry.key);
    return change;
  });
  return [...kept, ...left.values()];
}
