import type { Readable, Writable } from 'node:stream';
import type { Command } from 'commander';
import type { Device, EmbeddingModel, LoadOptions } from '../lib/index.js';

/** What commands need of a model. */
export type Model = Pick<EmbeddingModel, 'info' | 'tokenize' | 'embedMany' | 'memory' | 'dispose'>;

/** The world a command runs in: main.ts gives the real one, tests another. */
export interface Context {
  readonly stdin: Readable & { isTTY?: boolean };
  readonly stdout: Writable & { isTTY?: boolean };
  readonly stderr: Writable & { isTTY?: boolean };
  /** Aborts with an `Interrupted` when a signal asks the program to stop. */
  readonly signal: AbortSignal;
  readonly debug: boolean;
  readonly loadModel: (path: string, options: LoadOptions) => Promise<Model>;
  /** Content tokens by a model file's own vocabulary, its weights left alone. */
  readonly tokenizeWithFile: (path: string, text: string) => Promise<Int32Array>;
  readonly devices: () => Device[];
}

/** Adds a command to the program. @param exit takes the exit code when the command is done */
export type AddCommand = (program: Command, context: Context, exit: (code: number) => void) => void;
