import type { Readable, Writable } from 'node:stream';
import type { Command } from 'commander';
import type { Device, EmbeddingModel, LoadOptions } from '../lib/index.js';

/** The part of a model that commands use. */
export type Model = Pick<
  EmbeddingModel,
  'info' | 'tokenize' | 'embedMany' | 'embedManyChunks' | 'memory' | 'dispose'
>;

/** A command's environment: main.ts provides the real one, tests a fake. */
export interface Context {
  readonly stdin: Readable & { isTTY?: boolean };
  readonly stdout: Writable & { isTTY?: boolean };
  readonly stderr: Writable & { isTTY?: boolean };
  /** Aborts with an `Interrupted` when a signal asks the program to stop. */
  readonly signal: AbortSignal;
  readonly debug: boolean;
  readonly loadModel: (path: string, options: LoadOptions) => Promise<Model>;
  /** Content tokens by a model file's own vocabulary, without loading its weights. */
  readonly tokenizeWithFile: (path: string, text: string) => Promise<Int32Array>;
  readonly devices: () => Device[];
}

/** Adds a command to the program. @param exit takes the exit code when the command is done */
export type AddCommand = (program: Command, context: Context, exit: (code: number) => void) => void;
