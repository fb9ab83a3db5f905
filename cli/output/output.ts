import type { Embedding } from '../../lib/index.js';

/** Where vectors go. The calls come one after the other: begin, then a call a document in input order, then finish. */
export interface Output {
  /** The model is loaded: what an earlier run left in the file may go now. */
  begin(dimensions: number): Promise<void>;
  write(id: string | number, result: Embedding): Promise<void>;
  /** A document failed. */
  skip(): Promise<void>;
  /** Everything written so far becomes final. Also after an error or an interruption: nothing computed is lost. */
  finish(): Promise<void>;
  /** Nothing was begun: leave the place as it was found. */
  abandon(): Promise<void>;
}

/** A place for bytes, in order. Errors are UsageErrors with a sentence, or BrokenPipe. */
export interface Sink {
  begin(): Promise<void>;
  /** Resolves when the bytes are taken, so that a slow reader slows the work down. */
  write(bytes: string | Uint8Array): Promise<void>;
  close(): Promise<void>;
  abandon(): Promise<void>;
}
