import type { Embedding } from '../../lib/index.js';
import type { Output } from './output.js';
import type { Sink } from './sinks.js';

/** One line per document, each written as a whole when its turn comes; failed documents have none. */
export class JsonlOutput implements Output {
  readonly #sink: Sink;

  constructor(sink: Sink) {
    this.#sink = sink;
  }

  begin(): Promise<void> {
    return this.#sink.begin();
  }

  write(id: string | number, result: Embedding): Promise<void> {
    return this.#sink.write(jsonLine(id, result));
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

/** `{"id", "embedding", "tokens", "windows", "truncated"}` and a newline (design §6). */
export function jsonLine(id: string | number, { embedding, tokens, windows, truncated }: Embedding): string {
  const numbers = Array.from(embedding, formatFloat32).join(',');
  return `{"id":${JSON.stringify(id)},"embedding":[${numbers}],"tokens":${tokens},"windows":${windows},"truncated":${truncated}}\n`;
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
