import type { LongEmbedError } from '../../lib/error.js';
import type { EmbedManyOptions } from '../../lib/index.js';
import type { Plan } from './plan.js';
import { chunkTokens } from './scoring.js';
import type { BenchModel, Kind } from './types.js';

/** A text's vectors in place of one. */
interface TextVectors {
  readonly index: number;
  readonly vectors: readonly Float32Array[];
  readonly tokens: number;
  readonly windows: number;
  readonly truncated: boolean;
}

type Result = TextVectors | Failed;

/** The option of `embedMany` for the vectors of windows. */
const WINDOWS = { vectors: 'windows' } as const;

type Failed = { readonly index: number; readonly error: LongEmbedError };

/** What `embedMany` gives for a document, with `WINDOWS` also its windows. */
type Embedded = Omit<TextVectors, 'vectors'> & {
  readonly embedding: Float32Array;
  readonly windowEmbeddings?: readonly { readonly embedding: Float32Array }[];
};

/**
 * Embeds texts as a plan has it: queries, and documents by default, have one vector, documents else one per window or chunk.
 * Options are checked at once, before the first result is asked for.
 */
export function vectorsOf(
  model: BenchModel,
  texts: readonly string[],
  { plan, kind }: { readonly plan: Plan; readonly kind: Kind },
  options: Pick<EmbedManyOptions, 'batchTokens' | 'signal' | 'onProgress'> = {},
): AsyncIterableIterator<Result, undefined> {
  const given = { ...embedOptions(plan, kind), ...options };
  const size = kind === 'document' ? chunkTokens(plan.vectors) : null;
  if (size !== null) {
    if ('remote' in model || model.embedManyChunks === undefined)
      throw new Error('the model has no chunk vectors');
    return inTurn(model.embedManyChunks(texts, { ...given, chunks: size }), ({ chunks }) =>
      chunks.map(({ embedding }) => embedding),
    );
  }
  if (kind === 'document' && plan.vectors === 'windows' && !('remote' in model)) {
    const windows = model.embedMany(texts, { ...given, ...WINDOWS });
    return inTurn(windows, ({ windowEmbeddings = [] }: Embedded) =>
      windowEmbeddings.map(({ embedding }) => embedding),
    );
  }
  return inTurn(model.embedMany(texts, given), ({ embedding }: Embedded) => [embedding]);
}

async function* inTurn<T extends Omit<TextVectors, 'vectors'>>(
  results: AsyncIterableIterator<T | Failed>,
  vectorsIn: (result: T) => readonly Float32Array[],
): AsyncGenerator<Result, undefined> {
  for await (const result of results) {
    if ('error' in result) yield result;
    else {
      const { index, tokens, windows, truncated } = result;
      yield { index, vectors: vectorsIn(result), tokens, windows, truncated };
    }
  }
}

/** How texts of a kind are embedded; they are cut at the target, as in the paper. */
function embedOptions(plan: Plan, kind: Kind) {
  return { extend: plan.extend, as: kind, truncate: true, maxTokens: plan.target };
}
