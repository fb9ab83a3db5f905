import type { ChunkEmbeddings, Embedding } from '../../lib/index.js';
import type {
  DocumentFailure,
  DocumentId,
  DocumentVectors,
  VectorOutput,
  VectorRow,
} from '../../lib/vector-file/rows.js';

/** What came of a document: its vector, and perhaps those of its windows, or those of its chunks. */
export type Result = Embedding | ChunkEmbeddings;

/** The vectors of a result that are written: of its parts if it has any, else its own. */
function rowsOf(result: Result): VectorRow[] {
  if ('chunks' in result) {
    return result.chunks.map(({ embedding, start, end }, index) => ({
      embedding,
      part: { kind: 'chunk', index, start, end },
    }));
  }
  const { windowEmbeddings, embedding } = result;
  if (windowEmbeddings === undefined) return [{ embedding, part: null }];
  return windowEmbeddings.map(({ embedding: window, tokenStart: start, tokenEnd: end }, index) => ({
    embedding: window,
    part: { kind: 'window', index, start, end },
  }));
}

/** A result as it is written. */
export function vectorsOf(result: Result): DocumentVectors {
  const { tokens, windows, truncated } = result;
  return { rows: rowsOf(result), tokens, windows, truncated };
}

/**
 * An output that is opened before the model is loaded and begun with the first vector, or at the end: until then a run that
 * fails leaves the output unchanged. After that, whatever happens, what was written becomes final.
 */
export class LazyOutput {
  readonly #output: VectorOutput;
  readonly #replaces: boolean;
  #dimensions = 0;
  /** Failed documents before the first vector. */
  readonly #skipped: { readonly id: DocumentId; readonly failure: DocumentFailure }[] = [];
  #state: 'opened' | 'begun' | 'closed' = 'opened';

  /** @param options.replaces whether the output is a file with content, which is kept when every document fails */
  constructor(output: VectorOutput, { replaces = false }: { readonly replaces?: boolean } = {}) {
    this.#output = output;
    this.#replaces = replaces;
  }

  /** Says how long the vectors will be; before anything is written. */
  expect(dimensions: number): void {
    this.#dimensions = dimensions;
  }

  async write(id: DocumentId, result: Result): Promise<void> {
    await this.#begin();
    await this.#output.write(id, vectorsOf(result));
  }

  async skip(id: DocumentId, failure: DocumentFailure): Promise<void> {
    if (this.#state === 'opened') this.#skipped.push({ id, failure });
    else await this.#output.skip(id, failure);
  }

  /** The run is over. An empty input also gives an output. @returns whether an older file was kept */
  async finish(): Promise<boolean> {
    const keeps = this.#state === 'opened' && this.#replaces && this.#skipped.length > 0;
    if (!keeps) await this.#begin();
    await this.close();
    return keeps;
  }

  /** Ends it, however the run went; a second call does nothing. */
  async close(): Promise<void> {
    const state = this.#state;
    this.#state = 'closed';
    if (state === 'begun') await this.#output.finish();
    if (state === 'opened') await this.#output.abandon();
  }

  async #begin(): Promise<void> {
    if (this.#state !== 'opened') return;
    this.#state = 'begun';
    await this.#output.begin(this.#dimensions);
    for (const { id, failure } of this.#skipped.splice(0)) await this.#output.skip(id, failure);
  }
}
