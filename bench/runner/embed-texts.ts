import { LongEmbedError } from '../../lib/error.js';
import { decodeEntry, encodeEntry, type Entry } from './cache/entry.js';
import { damaged } from './cache/folder.js';
import { embeddingKey, textHash } from './cache/keys.js';
import type { Store } from './cache/store.js';
import type { BenchModel, Kind } from './types.js';
import { embedOptions, type Plan } from './plan.js';

/** A text with what its data set calls it. */
export interface Text {
  readonly id: string;
  readonly text: string;
}

/** Vectors of texts, in order, and what they are known by. */
export interface Embedded {
  /** A view a text into one matrix. */
  readonly vectors: readonly Float32Array[];
  /** Of all texts as embedded. */
  readonly tokens: number;
  /** Texts that were cut. */
  readonly truncated: number;
  /** What it took, now or when the cache was filled; equal texts count once. */
  readonly seconds: number;
}

/** Who is told of what is computed. */
export interface Listener {
  /** The texts that are not in the cache, by their places, before the first is computed. */
  onMissing(places: readonly number[]): void;
  /** Tokens that were computed since. */
  onAdvance(tokens: number): void;
  /** A text was computed. @returns the seconds that it took */
  onComputed(tokens: number): number;
}

/**
 * Embeds texts: those that the cache holds are read from it, the others are computed, each once however often it comes,
 * and stored the moment they arrive.
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
  const matrix = new Float32Array(texts.length * dimensions);
  const rows = texts.map((_, i) => matrix.subarray(i * dimensions, (i + 1) * dimensions));
  const total = { tokens: 0, truncated: 0, seconds: 0 };
  const place = (entry: Entry, places: readonly number[]): void => {
    if (entry.vector.length !== dimensions) {
      throw damaged(store.folder, `a vector has ${entry.vector.length} numbers instead of ${dimensions}`);
    }
    for (const i of places) rows[i]?.set(entry.vector);
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
    const results = model.embedMany(
      missing.map(({ text }) => text.text),
      {
        ...embedOptions(plan, kind),
        ...options,
        onProgress: ({ tokensDone }) => listener.onAdvance(tokensDone),
      },
    );
    for await (const result of results) {
      const distinct = missing[result.index];
      if (distinct === undefined) throw new Error('the model gave more results than there were texts');
      if ('error' in result) throw named(result.error, distinct.text, kind);
      const { embedding: vector, tokens, windows, truncated } = result;
      const entry = { vector, tokens, windows, truncated, seconds: listener.onComputed(tokens) };
      store.put(distinct.key, encodeEntry(entry));
      place(entry, distinct.places);
    }
  }
  return { vectors: rows, ...total };
}

/** A text that comes once or more often. */
interface Distinct {
  readonly key: Buffer;
  /** The first that has it. */
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
