import { throwIfAborted } from '../abort.js';
import { checkOptions, object, oneOf, requiredWhole, signal, text, threads } from '../check-options.js';
import { display, LongEmbedError } from '../error.js';
import { Bm25Index } from '../lexical/index.js';
import { Best } from './aggregate.js';
import { readIndexFile, type StoredDocument, writeIndexFile } from './index-file.js';
import {
  FUSED_DOCUMENTS,
  nearestChunks,
  nearestDocuments,
  type Searched,
  searched,
  type SearchedDocument,
} from './nearest.js';
import { RowScores } from './row-scores.js';
import type { ChunkIndexAddOptions, IndexedChunk, ChunkIndexHit, ChunkIndexSearchOptions } from './types.js';
import { writeUnitVector } from './unit-vector.js';
import { VectorRows } from './vector-rows.js';

/** A document of the index. */
interface Entry extends StoredDocument, SearchedDocument {
  /** Its number in the lexical index; null without text. */
  readonly lexical: number | null;
}

const addOptions = object({ text });

const searchOptions = object({
  k: requiredWhole(1).default(10),
  by: oneOf('document', 'chunk'),
  best: requiredWhole(1).default(1),
  text,
  threads,
  signal,
});

/**
 * Documents with the vectors of their chunks, in memory, and exact search among them: by the largest cosine of any of a
 * document's vectors with the query (MaxSim), and if texts are given also by words (BM25).
 *
 * Vectors are kept as 32-bit floats, and rounded to 8 bits beside them: 5 bytes a dimension. A search bounds every vector's
 * cosine from the rounded copy, a quarter of the memory, and computes the cosines that the bounds leave from the floats: it finds
 * what comparing all floats would find, to the last bit. docs/search.md says how long that takes.
 * It sees the documents that were in the index when it was called, whatever is added or removed while it runs.
 * @example
 * const index = new ChunkIndex();
 * const { chunks } = await model.embedChunks(contract, { chunks: 'sentences', as: 'document' });
 * index.add('contract.txt', chunks, { text: contract });
 * const question = 'Who may terminate the lease early?';
 * const query = await model.embed(question, { as: 'query' });
 * const [hit] = await index.search(query.embedding, { text: question });
 * console.log(hit?.id, hit?.start, hit?.end, hit?.text);
 */
export class ChunkIndex {
  #rows: VectorRows | null = null;
  #entries = new Map<string, Entry>();
  /** The entries as a search sees them; null after a change. */
  #snapshot: Searched<Entry> | null = null;
  #lexical = new Bm25Index();
  #chunks = 0;
  #disposed = false;

  /** Number of documents. */
  get size(): number {
    return this.#entries.size;
  }

  /** Number of chunks of all documents. */
  get chunks(): number {
    return this.#chunks;
  }

  /** Numbers of a vector; null until the first document is added. */
  get dimensions(): number | null {
    return this.#rows?.dimensions ?? null;
  }

  has(id: string): boolean {
    return this.#entries.has(id);
  }

  /**
   * Adds a document.
   * @param id any string that no document of the index has
   * @param chunks at least one, with vectors of the same model and strategy as all others'
   * @throws LongEmbedError ERR_INVALID_OPTION when the id is taken, a vector has another number of dimensions or numbers that
   *   are not finite, or offsets are not in order or outside of the text; ERR_INPUT_EMPTY without chunks; ERR_OUT_OF_MEMORY;
   *   ERR_DISPOSED. The index is then as it was.
   */
  add(id: string, chunks: readonly IndexedChunk[], options: ChunkIndexAddOptions = {}): void {
    this.#checkUsable();
    const { text: given } = checkOptions(addOptions, options);
    if (typeof id !== 'string') throw invalid(`The id ${display(id)} is not a string.`);
    if (this.#entries.has(id)) {
      throw invalid(`The document ${display(id)} is in the index already: remove it first to replace it.`);
    }
    if (given?.isWellFormed() === false) {
      throw invalid(
        `The text of ${display(id)} is not well-formed Unicode: call toWellFormed() on it first.`,
      );
    }
    const rows = rowsOf(id, chunks, given, this.dimensions);
    this.#put(id, rows, Uint32Array.from(chunks.flatMap(({ start, end }) => [start, end])), given ?? null);
  }

  /** Removes a document. @returns whether it was there @throws LongEmbedError ERR_DISPOSED */
  remove(id: string): boolean {
    this.#checkUsable();
    const entry = this.#entries.get(id);
    if (entry === undefined) return false;
    this.#entries.delete(id);
    this.#snapshot = null;
    this.#chunks -= entry.count;
    if (entry.lexical !== null) this.#lexical.remove(entry.lexical, entry.text ?? '');
    // A search may be reading the rows: they are never moved, but copied once most of them are unused.
    const rows = this.#rows;
    if (rows !== null && rows.count > 2 * this.#chunks) this.#compact(rows);
    return true;
  }

  /**
   * Finds the documents nearest to a query by cosine, best first; of equal ones, those added first.
   * @param query a vector of the same model and strategy; need not be normalised
   * @throws LongEmbedError ERR_INVALID_OPTION, ERR_ABORTED, ERR_DISPOSED
   */
  async search(query: Float32Array, options: ChunkIndexSearchOptions = {}): Promise<ChunkIndexHit[]> {
    this.#checkUsable();
    const {
      k,
      by,
      best,
      threads: cores = 0,
      signal: abort,
      text: words,
    } = checkOptions(searchOptions, options);
    throwIfAborted(abort, SEARCH_ABORTED);
    if (words !== undefined && by === 'chunk') {
      throw invalid('The option text ranks documents: leave it out to search by chunk.');
    }
    if (!(query instanceof Float32Array)) throw invalid('The query is not a Float32Array.');
    const rows = this.#rows;
    const all = this.#entriesNow();
    if (rows === null || all.documents.length === 0) return [];
    const lexical = words === undefined ? null : this.#searchWords(words, all.documents);
    const scores = new RowScores(rows, unitQuery(query, rows.dimensions), cores, abort);
    return by === 'chunk'
      ? nearestChunks(all, scores, k)
      : nearestDocuments(all, scores, { k, best, lexical });
  }

  /**
   * Writes the index to a file, which replaces one of that name only when it is complete. What is added or removed
   * meanwhile is not in it.
   * @throws LongEmbedError ERR_INVALID_OPTION with the reason when it cannot be written; ERR_DISPOSED
   */
  async save(path: string): Promise<void> {
    this.#checkUsable();
    checkPath(path);
    const rows = this.#rows;
    const entries = this.#entriesNow().documents;
    await writeIndexFile(path, {
      dimensions: rows?.dimensions ?? 0,
      documents: entries,
      vectorsOf: (document) => {
        const entry = entries[document];
        return rows === null || entry === undefined ? [] : rows.views(entry.row, entry.row + entry.count);
      },
    });
  }

  /**
   * Reads an index that `save` has written.
   * @throws LongEmbedError ERR_INVALID_OPTION that says what is wrong with the file: missing, not an index, of a newer version,
   *   cut off or damaged; ERR_OUT_OF_MEMORY
   */
  static async load(path: string): Promise<ChunkIndex> {
    checkPath(path);
    const index = new ChunkIndex();
    await readIndexFile(path, ({ id, spans, text: given }, rows) => index.#put(id, rows, spans, given));
    return index;
  }

  /** Frees the memory. Searches that are running still finish; every later call throws ERR_DISPOSED. */
  dispose(): void {
    this.#disposed = true;
    this.#rows = null;
    this.#entries = new Map();
    this.#snapshot = null;
    this.#lexical = new Bm25Index();
    this.#chunks = 0;
  }

  [Symbol.dispose](): void {
    this.dispose();
  }

  #entriesNow(): Searched<Entry> {
    return (this.#snapshot ??= searched([...this.#entries.values()]));
  }

  /** @param rows checked vectors of length 1, one after the other */
  #put(id: string, rows: Float32Array, spans: Uint32Array, given: string | null): void {
    const count = spans.length / 2;
    const matrix = this.#rows ?? new VectorRows(rows.length / count);
    const row = matrix.count;
    matrix.append(rows);
    this.#rows = matrix;
    const lexical = given === null ? null : this.#lexical.add(given);
    this.#entries.set(id, { id, row, count, spans, text: given, lexical });
    this.#snapshot = null;
    this.#chunks += count;
  }

  #compact(rows: VectorRows): void {
    const compact = new ChunkIndex();
    for (const entry of this.#entries.values()) {
      const own = new Float32Array(entry.count * rows.dimensions);
      let done = 0;
      for (const view of rows.views(entry.row, entry.row + entry.count)) {
        own.set(view, done);
        done += view.length;
      }
      compact.#put(entry.id, own, entry.spans, entry.text);
    }
    this.#rows = compact.#rows ?? new VectorRows(rows.dimensions);
    this.#entries = compact.#entries;
    this.#lexical = compact.#lexical;
  }

  /** The documents that share words with the query, best first. */
  #searchWords(words: string, entries: readonly Entry[]): Entry[] {
    if (this.#lexical.size === 0) {
      throw invalid('The option text needs texts: add documents with their text to search by words.');
    }
    const byNumber = new Map(entries.map((entry) => [entry.lexical, entry]));
    const best = new Best<Entry>(FUSED_DOCUMENTS);
    // Of equal scores, the document added first.
    for (const { document, score } of this.#lexical.search(words).sort((a, b) => a.document - b.document)) {
      const entry = byNumber.get(document);
      if (entry !== undefined) best.offer(entry, score);
    }
    return best.entries.map(({ value }) => value);
  }

  #checkUsable(): void {
    if (!this.#disposed) return;
    throw new LongEmbedError('ERR_DISPOSED', 'The index was disposed of: make a new one, or load it again.');
  }
}

const SEARCH_ABORTED = 'The search was aborted by its signal.';

/** Checks chunks and scales their vectors to length 1. */
function rowsOf(
  id: string,
  chunks: readonly IndexedChunk[],
  given: string | undefined,
  expected: number | null,
): Float32Array {
  if (!Array.isArray(chunks)) throw invalid(`The chunks of ${display(id)} are not an array.`);
  const dimensions = expected ?? (chunks[0] as Partial<IndexedChunk> | undefined)?.embedding?.length ?? 0;
  if (chunks.length === 0) {
    throw new LongEmbedError(
      'ERR_INPUT_EMPTY',
      `The document ${display(id)} has no chunks: give at least one.`,
    );
  }
  const rows = new Float32Array(chunks.length * dimensions);
  const maxEnd = given?.length ?? 2 ** 32 - 1;
  for (const [index, chunk] of (chunks as readonly (IndexedChunk | null | undefined)[]).entries()) {
    const name = `chunk ${index} of ${display(id)}`;
    if (chunk === null || chunk === undefined) {
      throw invalid(`The ${name} is ${display(chunk)}: it must be an object with embedding, start and end.`);
    }
    const { embedding, start, end } = chunk;
    if (!(embedding instanceof Float32Array)) throw invalid(`The vector of ${name} is not a Float32Array.`);
    if (embedding.length !== dimensions || dimensions === 0) {
      throw invalid(
        expected === null && index === 0
          ? `The vector of ${name} has no numbers.`
          : `The vector of ${name} has ${embedding.length} dimensions, but others have ${dimensions}.`,
      );
    }
    const inOrder =
      Number.isInteger(start) && Number.isInteger(end) && 0 <= start && start <= end && end <= maxEnd;
    if (!inOrder) {
      throw invalid(
        `The offsets of ${name} are ${display(start)} and ${display(end)}: they must be whole numbers in order, up to ${maxEnd}.`,
      );
    }
    writeUnitVector(embedding, name, rows, index * dimensions);
  }
  return rows;
}

function unitQuery(query: Float32Array, dimensions: number): Float32Array {
  if (query.length !== dimensions) {
    throw invalid(
      `The query has ${query.length} dimensions, but the vectors of the index have ${dimensions}.`,
    );
  }
  const unit = new Float32Array(dimensions);
  writeUnitVector(query, 'the query', unit, 0);
  return unit;
}

function checkPath(path: unknown): void {
  if (typeof path === 'string' && path !== '') return;
  throw invalid(`The path is ${display(path)}: it must be the path of an index file.`);
}

function invalid(message: string): LongEmbedError {
  return new LongEmbedError('ERR_INVALID_OPTION', message);
}
