import type { DocumentId, DocumentVectors, VectorOutput, VectorRow } from '../../lib/vector-file/rows.js';
import type { Sink } from './sinks.js';

/** One line per document, or per chunk or window, all of a document written as a whole when its turn comes; failed documents have none. */
export class JsonlOutput implements VectorOutput {
  readonly #sink: Sink;

  constructor(sink: Sink) {
    this.#sink = sink;
  }

  begin(): Promise<void> {
    return this.#sink.begin();
  }

  write(id: DocumentId, vectors: DocumentVectors): Promise<void> {
    return this.#sink.write(jsonLines(id, vectors));
  }

  skip(): Promise<void> {
    return Promise.resolve();
  }

  finish(): Promise<void> {
    return this.#sink.close();
  }

  abandon(): Promise<void> {
    return this.#sink.abandon();
  }
}

/**
 * `{"id", "embedding", "tokens", "windows", "truncated"}`, or for every chunk `{"id", "chunk", "start", "end", "embedding"}`, each
 * with a newline (design §6).
 */
export function jsonLines(id: DocumentId, { rows, tokens, windows, truncated }: DocumentVectors): string {
  return rows
    .map(({ embedding, part }) => {
      const vector = `"embedding":[${Array.from(embedding, formatFloat32).join(',')}]`;
      const facts =
        part === null
          ? `${vector},"tokens":${tokens},"windows":${windows},"truncated":${truncated}`
          : `${placeOf({ embedding, part })},${vector}`;
      return `{"id":${JSON.stringify(id)},${facts}}\n`;
    })
    .join('');
}

/** `"chunk", "start", "end"`, without braces. */
export function placeOf({ part }: VectorRow): string {
  return part === null ? '' : `"${part.kind}":${part.index},"start":${part.start},"end":${part.end}`;
}

/**
 * The shortest decimal that gives back the same float32, as JSON takes it.
 * A double printed in full would claim digits that a float32 does not have, and double the file.
 */
export function formatFloat32(value: number): string {
  if (!Number.isFinite(value)) throw new RangeError(`${value} is not a number that JSON can hold`);
  if (Object.is(value, -0)) return '-0';
  for (let digits = 6; digits < 9; digits++) {
    const rounded = Number(value.toPrecision(digits));
    if (Math.fround(rounded) === value) return String(rounded);
  }
  return String(Number(value.toPrecision(9)));
}
