import type { ChunkEmbeddings, Embedding } from '../../lib/index.js';

/** What came of a document: its vector, and perhaps those of its windows, or those of its chunks. */
export type Result = Embedding | ChunkEmbeddings;

/** A vector that is written. */
export interface Row {
  readonly embedding: Float32Array;
  /** Which chunk or window of the document, and where it is: characters of chunks, content tokens of windows; null: the document's own. */
  readonly part: {
    readonly kind: 'chunk' | 'window';
    readonly index: number;
    readonly start: number;
    readonly end: number;
  } | null;
}

/** The vectors of a result that are written: of its parts if it has any, else its own. */
export function rowsOf(result: Result): Row[] {
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

/** Where vectors go. The calls come one after the other: begin, then one call per document in input order, then finish. */
export interface Output {
  /** The model is loaded: the file's previous content may be discarded now. */
  begin(dimensions: number): Promise<void>;
  write(id: string | number, result: Result): Promise<void>;
  /** A document failed. */
  skip(): Promise<void>;
  /** Everything written so far becomes final. Also after an error or an interruption: nothing computed is lost. */
  finish(): Promise<void>;
  /** Nothing was begun: leaves the output unchanged. */
  abandon(): Promise<void>;
}

/**
 * An output that is opened before the model is loaded and begun with the first vector, or at the end: until then a run that
 * fails leaves the output unchanged. After that, whatever happens, what was written becomes final.
 */
export class LazyOutput {
  readonly #output: Output;
  readonly #replaces: boolean;
  #dimensions = 0;
  /** Failed documents before the first vector. */
  #skipped = 0;
  #state: 'opened' | 'begun' | 'closed' = 'opened';

  /** @param options.replaces whether the output is a file with content, which is kept when every document fails */
  constructor(output: Output, { replaces = false }: { readonly replaces?: boolean } = {}) {
    this.#output = output;
    this.#replaces = replaces;
  }

  /** Says how long the vectors will be; before anything is written. */
  expect(dimensions: number): void {
    this.#dimensions = dimensions;
  }

  async write(id: string | number, result: Result): Promise<void> {
    await this.#begin();
    await this.#output.write(id, result);
  }

  async skip(): Promise<void> {
    if (this.#state === 'opened') this.#skipped++;
    else await this.#output.skip();
  }

  /** The run is over. An empty input also gives an output. @returns whether an older file was kept */
  async finish(): Promise<boolean> {
    const keeps = this.#state === 'opened' && this.#replaces && this.#skipped > 0;
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
    for (; this.#skipped > 0; this.#skipped--) await this.#output.skip();
  }
}
