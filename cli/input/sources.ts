import { createReadStream } from 'node:fs';
import { stat } from 'node:fs/promises';
import { addAbortSignal, type Readable } from 'node:stream';
import { UsageError } from '../exit.js';
import type { Document, Source } from './document.js';
import { parseJsonl } from './jsonl.js';
import { readLines } from './lines.js';
import { readText } from './text.js';
import { parseTokens } from './tokens.js';

/** The values of --input-format. */
export const INPUT_FORMATS = ['text', 'jsonl', 'tokens'] as const;

/**
 * Where the documents of a command line come from.
 * @param files paths, `-` for standard input; none means standard input unless that is a terminal
 * @param format null: by name, .jsonl and .ndjson are jsonl and everything else text
 * @param signal ends reading, even while standard input is silent
 */
export function sourcesOf(
  files: readonly string[],
  format: Source['format'] | null,
  stdin: Readable & { isTTY?: boolean },
  signal: AbortSignal,
): Source[] {
  if (files.length === 0 && stdin.isTTY === true) {
    throw new UsageError('No document is given: name files, or pipe text into standard input.');
  }
  const paths = files.length === 0 ? ['-'] : files;
  if (paths.filter((path) => path === '-').length > 1) {
    throw new UsageError('Standard input, "-", is named twice; it can be read only once.');
  }
  return paths.map((path) => ({
    path,
    format: format ?? (/\.(jsonl|ndjson)$/i.test(path) ? 'jsonl' : 'text'),
    open: () =>
      path === '-'
        ? addAbortSignal(signal, stdin)
        : createReadStream(path, { signal, highWaterMark: 1 << 18 }),
  }));
}

/** Reads documents one by one, as they are asked for. One that cannot be read is a document with a failure. */
export async function* readDocuments(sources: readonly Source[]): AsyncGenerator<Document> {
  const counter = { lines: 0 };
  for (const source of sources) {
    if (source.format === 'text') yield* readText(source);
    else yield* readLines(source, counter, source.format === 'jsonl' ? parseJsonl : parseTokens);
  }
}

/** Bytes of all sources together; null when one is no ordinary file, whose size nobody knows. */
export async function totalBytes(sources: readonly Source[]): Promise<number | null> {
  let total = 0;
  for (const { path } of sources) {
    const stats = path === '-' ? null : await stat(path).catch(() => undefined);
    if (stats === undefined) continue;
    if (stats?.isFile() !== true) return null;
    total += stats.size;
  }
  return total;
}
