/** The option `chunks`: its values and its defaults. */
import { display, LongEmbedError } from '../../error.js';
import type { ChunkRule } from './types.js';

/** Tokens of a chunk where nothing else is asked for. */
const DEFAULT_TOKENS = 256;

/** A rule with every default filled in. */
export interface FullChunkRule {
  readonly by: 'tokens' | 'sentences' | 'paragraphs';
  readonly size: number;
  /** Less than `size`. */
  readonly overlap: number;
}

/** @throws LongEmbedError ERR_INVALID_OPTION */
export function checkChunkRule(given: ChunkRule = DEFAULT_TOKENS): FullChunkRule {
  const rule: unknown = given;
  if (rule === 'sentences' || rule === 'paragraphs') return { by: rule, size: 1, overlap: 0 };
  if (typeof rule === 'number') return { by: 'tokens', size: count('chunks', rule, 1), overlap: 0 };
  if (typeof rule !== 'object' || rule === null) throw invalid('chunks', rule, ALLOWED);
  const { by, size, overlap = 0, ...others } = rule as Record<string, unknown>;
  const [unknown] = Object.keys(others);
  if (unknown !== undefined) throw invalid(`chunks.${unknown}`, '', 'left out: use by, size, overlap');
  if (by !== 'tokens' && by !== 'sentences' && by !== 'paragraphs') {
    throw invalid('chunks.by', by, 'one of tokens, sentences, paragraphs');
  }
  const full: FullChunkRule = {
    by,
    size: count('chunks.size', size ?? (by === 'tokens' ? undefined : 1), 1),
    overlap: count('chunks.overlap', overlap, 0),
  };
  if (full.overlap >= full.size) {
    throw invalid('chunks.overlap', overlap, `less than the size, ${full.size} ${by}`);
  }
  return full;
}

const ALLOWED =
  'a number of tokens from 1, "sentences", "paragraphs", or an object with by, size and overlap';

function count(name: string, value: unknown, min: number): number {
  if (Number.isSafeInteger(value) && (value as number) >= min) return value as number;
  throw invalid(name, value, name === 'chunks' ? ALLOWED : `a whole number from ${min}`);
}

function invalid(name: string, value: unknown, allowed: string): LongEmbedError {
  return new LongEmbedError(
    'ERR_INVALID_OPTION',
    `The option ${name} is ${display(value)}: it must be ${allowed}.`,
  );
}
