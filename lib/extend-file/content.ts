import type { GgufContent, GgufFile, MetadataEntry, TensorSource } from '../gguf/index.js';
import type { Changes } from './changes.js';

/** A file's content with changes: what is changed stays where it was, what is new comes at the end. */
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
