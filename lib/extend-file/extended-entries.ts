import { type MetadataEntry, stringEntry, u32Entry } from '../gguf/index.js';
import { EXTENDED_KEYS } from '../model/extended.js';
import { packageVersion } from '../package.js';
import type { Metadata } from './file-facts.js';

/**
 * The metadata of a file with a strategy in it: its context length, and how it was made.
 * @param original of the file that it is made of
 * @param target the longest text, in tokens
 */
export function extendedEntries(
  original: Metadata,
  target: number,
  { spec, nativeContext }: { readonly spec: string; readonly nativeContext: number },
): MetadataEntry[] {
  return [
    u32Entry(`${original.architecture}.context_length`, target),
    stringEntry(EXTENDED_KEYS.spec, spec),
    u32Entry(EXTENDED_KEYS.nativeContext, nativeContext),
    u32Entry(EXTENDED_KEYS.originalContext, original.number('.context_length') ?? 0),
    stringEntry(EXTENDED_KEYS.version, packageVersion()),
  ];
}
