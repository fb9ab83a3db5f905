/**
 * Tells the caller, once each, of what is allowed but probably not what was meant: by the option `onWarning`, else as a
 * Node warning, which `process.on('warning')` hears and `node --no-warnings` silences.
 */
export class Warnings {
  readonly #listener: (message: string) => void;
  readonly #told = new Set<string>();

  constructor(listener: ((message: string) => void) | undefined) {
    this.#listener = listener ?? emit;
  }

  tell(message: string): void {
    if (this.#told.has(message)) return;
    this.#told.add(message);
    this.#listener(message);
  }
}

function emit(message: string): void {
  process.emitWarning(message, { type: 'LongEmbedWarning', code: 'LONGEMBED_EXTEND' });
}
