import { LongEmbedError } from '../lib/error.js';

/** A share of a run's input: the `index`-th of `count`, counted from 0. */
export interface Shard {
  readonly index: number;
  readonly count: number;
}

/** The most shards of a run: their numbers have five digits in the names of parts. */
export const MAX_SHARDS = 100_000;

/**
 * Reads `3/64`, or `all/64`: every shard that is neither done nor being done by another process.
 * @throws LongEmbedError ERR_INVALID_OPTION
 */
export function parseShard(text: string): Shard | { readonly index: 'all'; readonly count: number } {
  const parts = /^(\d{1,9}|all)\/(\d{1,9})$/.exec(text);
  const count = Number(parts?.[2]);
  if (parts === null || count < 1 || count > MAX_SHARDS) {
    throw invalid(
      `A shard is ${JSON.stringify(text)}: it must be i/n with n from 1 to ${MAX_SHARDS} and i from 0 to n - 1, such as 3/64, or all/n.`,
    );
  }
  if (parts[1] === 'all') return { index: 'all', count };
  const index = Number(parts[1]);
  if (index >= count) {
    throw invalid(`A shard is ${text}: shards are counted from 0, so the last one is ${count - 1}/${count}.`);
  }
  return { index, count };
}

/** `3/64` */
export function shardName({ index, count }: Shard): string {
  return `${index}/${count}`;
}

/** The name of a shard's files without what tells them apart: `part-00003-of-00064`. */
export function partName({ index, count }: Shard): string {
  return `part-${digits(index)}-of-${digits(count)}`;
}

/** The shard of a file that `partName` names. */
export function shardOfFile(file: string): Shard | null {
  const parts = /^part-(\d{5,})-of-(\d{5,})\./.exec(file);
  return parts === null ? null : { index: Number(parts[1]), count: Number(parts[2]) };
}

function digits(value: number): string {
  return String(value).padStart(5, '0');
}

export function invalid(message: string, cause?: unknown): LongEmbedError {
  return new LongEmbedError('ERR_INVALID_OPTION', message, { cause });
}
