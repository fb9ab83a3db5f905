import { LongEmbedError } from '../../lib/error.js';
import { decodeEntry, embeddingKey, type EmbeddingEntry, encodeEntry, textHash } from './cache/entries.js';
import { damaged } from './cache/folder.js';
import type { Store } from './cache/store.js';
import type { BenchModel, Kind } from './types.js';
import type { Plan } from './plan.js';
import { vectorsOf } from './vectors.js';

/** A text with its id in the data set. */
export interface Text {
  readonly id: string;
  readonly text: string;
}

/** Vectors of texts in order, and their totals. */
export interface Embedded {
  /** The vectors of each text: one, or one per window or chunk. */
  readonly vectors: readonly (readonly Float32Array[])[];
  /** Tokens of all texts as embedded. */
  readonly tokens: number;
  /** Number of texts that were cut. */
  readonly truncated: number;
  /** Time it took, now or when the vectors were cached; equal texts count once. */
  readonly seconds: number;
}

/** Callbacks about what is computed. */
export interface Listener {
  /** Called with the indices of the texts that are not cached, before the first is computed. */
  onMissing(places: readonly number[]): void;
  /** Called with the tokens computed since `onMissing`. */
  onAdvance(tokens: number): void;
  /** Called for every computed text. @returns the seconds it took */
  onComputed(tokens: number): number;
}

/**
 * Embeds texts: cached vectors are read, the others are computed, once for equal texts, and stored as soon as they arrive.
 * @throws LongEmbedError when a text cannot be embedded, named by its id; when the cache is damaged or cannot be written;
 *   ERR_ABORTED
 */
export async function embedTexts(
  texts: readonly Text[],
  { model, plan, kind }: { readonly model: BenchModel; readonly plan: Plan; readonly kind: Kind },
  store: Store,
  options: { readonly batchTokens: number; readonly signal: AbortSignal },
  listener: Listener,
): Promise<Embedded> {
  const { dimensions } = model.info;
  const found = new Array<readonly Float32Array[]>(texts.length).fill([]);
  const total = { tokens: 0, truncated: 0, seconds: 0 };
  const place = (entry: EmbeddingEntry, places: readonly number[]): void => {
    const wrong = entry.vectors.find(({ length }) => length !== dimensions);
    if (wrong !== undefined) {
      throw damaged(store.folder, `a vector has ${wrong.length} numbers instead of ${dimensions}`);
    }
    for (const i of places) found[i] = entry.vectors;
    total.tokens += entry.tokens * places.length;
    total.truncated += entry.truncated ? places.length : 0;
    total.seconds += entry.seconds;
  };

  const missing: Distinct[] = [];
  for (const distinct of distinctTexts(texts, plan.keys[kind])) {
    const stored = store.get(distinct.key);
    if (stored === null) missing.push(distinct);
    else place(decodeEntry(stored), distinct.places);
  }
  listener.onMissing(missing.map(({ places }) => places[0] ?? 0));
  if (missing.length > 0) {
    const results = vectorsOf(
      model,
      missing.map(({ text }) => text.text),
      { plan, kind },
      { ...options, onProgress: ({ tokensDone }) => listener.onAdvance(tokensDone) },
    );
    for await (const result of results) {
      const distinct = missing[result.index];
      if (distinct === undefined) throw new Error('the model gave more results than there were texts');
      if ('error' in result) throw named(result.error, distinct.text, kind);
      const { vectors, tokens, windows, truncated } = result;
      const entry = { vectors, tokens, windows, truncated, seconds: listener.onComputed(tokens) };
      store.put(distinct.key, encodeEntry(entry));
      place(entry, distinct.places);
    }
  }
  return { vectors: found, ...total };
}

/** A text and all its indices. */
interface Distinct {
  readonly key: Buffer;
  /** The first one with this text. */
  readonly text: Text;
  readonly places: number[];
}

function distinctTexts(texts: readonly Text[], plan: Buffer): Iterable<Distinct> {
  const found = new Map<string, Distinct>();
  for (const [i, text] of texts.entries()) {
    const known = found.get(text.text);
    if (known === undefined) {
      found.set(text.text, { key: embeddingKey(plan, textHash(text.text)), text, places: [i] });
    } else known.places.push(i);
  }
  return found.values();
}

function named(error: LongEmbedError, { id }: Text, kind: Kind): LongEmbedError {
  if (error.code === 'ERR_ABORTED') return error;
  return new LongEmbedError(error.code, `The ${kind} ${JSON.stringify(id)}: ${error.message}`, {
    cause: error,
  });
}
