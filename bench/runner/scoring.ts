/** How documents are ranked with what was embedded: one run of the results for each way. */
import { LEXICAL_ID, type RunResult } from '../results/results.js';

/** What a document is represented by: one vector, a vector per window of pcw, or one per chunk of so many tokens. */
export type Vectors = 'document' | 'windows' | `chunks:${number}`;

/** The score of a document with several vectors: the largest cosine (MaxSim), or the mean of so many of the best. */
export type Aggregate = 'max' | `mean:${number}`;

export interface Scoring {
  readonly vectors: Vectors;
  readonly aggregate: Aggregate;
  /** Whether the ranking is fused with that of BM25. */
  readonly hybrid: boolean;
}

/** Number of a document's vectors that count. */
export function bestOf(aggregate: Aggregate): number {
  return aggregate === 'max' ? 1 : Number(aggregate.slice('mean:'.length));
}

/** Tokens of a chunk; null where chunks have no vectors of their own. */
export function chunkTokens(vectors: Vectors): number | null {
  return vectors.startsWith('chunks:') ? Number(vectors.slice('chunks:'.length)) : null;
}

/** The scoring's fields in results.json. */
export function scoringFields({ vectors, aggregate, hybrid }: Scoring): Partial<RunResult> {
  return {
    ...(vectors === 'document' ? {} : { vectors, aggregate }),
    ...(hybrid ? { hybrid: LEXICAL_ID } : {}),
  };
}

/** Every way of ranking with the given vectors. */
export function scoringsOf(
  vectors: Vectors,
  { aggregate = ['max'], hybrid = false }: { aggregate?: readonly Aggregate[]; hybrid?: boolean },
): Scoring[] {
  // A single vector has nothing to aggregate.
  const ways = vectors === 'document' ? (['max'] as const) : aggregate;
  return ways.flatMap((way) =>
    (hybrid ? [false, true] : [false]).map((fused) => ({ vectors, aggregate: way, hybrid: fused })),
  );
}
