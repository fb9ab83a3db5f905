import type { Embedding } from '../../lib/index.js';
import { formatFloat32 } from './float32.js';
import type { Output, Sink } from './output.js';

/** A line a document, written whole as soon as it is due; failed documents have none. */
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
