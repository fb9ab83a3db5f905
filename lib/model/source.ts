import { display, LongEmbedError } from '../error.js';

/** The inputs of `embedMany`, sync or async, read one at a time. */
export class Source {
  readonly #open: () => Iterator<unknown> | AsyncIterator<unknown>;
  readonly #async: boolean;
  #iterator: Iterator<unknown> | AsyncIterator<unknown> | null = null;
  #reading = false;
  #done = false;

  /** @throws LongEmbedError ERR_INVALID_OPTION when `inputs` is no collection of documents */
  constructor(inputs: unknown) {
    // A string is iterable too, but as characters; a typed array as numbers, the tokens of one document.
    const collection = typeof inputs === 'object' && inputs !== null && !ArrayBuffer.isView(inputs);
    this.#async = collection && Symbol.asyncIterator in inputs;
    if (!collection || !(this.#async || Symbol.iterator in inputs)) {
      throw new LongEmbedError(
        'ERR_INVALID_OPTION',
        `The inputs are ${display(inputs)}: they must be an iterable or async iterable of documents, such as an array. ` +
          'For one document, use embed.',
      );
    }
    this.#open = this.#async
      ? () => (inputs as AsyncIterable<unknown>)[Symbol.asyncIterator]()
      : () => (inputs as Iterable<unknown>)[Symbol.iterator]();
  }

  /** Reads the next input; call it only when none is being read. Rejects with what the source throws. */
  async next(): Promise<IteratorResult<unknown, undefined>> {
    this.#reading = true;
    try {
      this.#iterator ??= this.#open();
      const next: IteratorResult<unknown> = await this.#iterator.next();
      if (next.done === true) {
        this.#done = true;
        return { done: true, value: undefined };
      }
      // As `for await` does: a sync iterable may give promises.
      return { done: false, value: this.#async ? next.value : await next.value };
    } catch (error) {
      this.#done = true;
      throw error;
    } finally {
      this.#reading = false;
    }
  }

  /**
   * Tells the source that no more will be read, so that it can clean up. While a read is under way, a generator could
   * not answer until that is over: then this does not wait, and what goes wrong later is nobody's concern.
   */
  async close(): Promise<void> {
    if (this.#done || this.#iterator === null) return;
    this.#done = true;
    const waits = !this.#reading;
    const closed = Promise.resolve(this.#iterator.return?.());
    if (waits) await closed;
    else closed.catch(() => undefined);
  }
}
