import type { EmbedManyOptions, LongEmbedError, ManyInput, ManyResult } from '../lib/index.js';
import type { Model } from './context.js';
import { EXIT, Interrupted } from './exit.js';
import { type Document, isFailure, type ReadFailure } from './input/input.js';
import type { LazyOutput } from './output/output.js';
import { plural } from '../lib/format.js';
import type { Meter } from './progress/meter.js';
import type { View } from './progress/views.js';

/** One run of `longembed embed`: feeds documents to the model and puts results and failures in input order. */
export class EmbedRun {
  readonly #model: Model;
  readonly #output: LazyOutput;
  readonly #view: View;
  readonly #meter: Meter;
  readonly #signal: AbortSignal;
  /** Documents that are read but not yet written, in order. */
  readonly #pending: Omit<Document, 'bytes'>[] = [];

  constructor(model: Model, output: LazyOutput, view: View, meter: Meter, signal: AbortSignal) {
    this.#model = model;
    this.#output = output;
    this.#view = view;
    this.#meter = meter;
    this.#signal = signal;
  }

  /** @returns the exit code */
  async embed(documents: AsyncIterable<Document>, options: EmbedManyOptions): Promise<number> {
    const onProgress: EmbedManyOptions['onProgress'] = (progress) => {
      this.#meter.computed(progress);
      this.#view.show(this.#meter);
    };
    try {
      const inputs = this.#feed(documents);
      for await (const result of this.#model.embedMany(inputs, {
        ...options,
        signal: this.#signal,
        onProgress,
      })) {
        await this.#settle(result);
      }
      await this.#skipUnread();
      await this.#output.finish();
    } catch (error) {
      if (this.#signal.reason instanceof Interrupted) return this.#interrupted(this.#signal.reason);
      throw error;
    }
    this.#view.end();
    return this.#conclude();
  }

  /** What can be read goes to the model; a failure is told at once and waits for its place in the output. */
  async *#feed(documents: AsyncIterable<Document>): AsyncGenerator<ManyInput> {
    for await (const { id, where, bytes, content } of documents) {
      this.#meter.read(bytes);
      this.#pending.push({ id, where, content: isFailure(content) ? content : '' });
      if (isFailure(content)) this.#tell(id, where, content);
      else yield typeof content === 'string' ? { id, text: content } : { id, tokens: content };
    }
  }

  async #settle(result: ManyResult): Promise<void> {
    await this.#skipUnread();
    const document = this.#pending.shift();
    if (document === undefined) throw new Error('the model gave more results than there were documents');
    if ('error' in result) {
      this.#tell(document.id, document.where, result.error);
      await this.#output.skip();
    } else {
      await this.#output.write(document.id, result);
      this.#meter.done(result);
    }
    this.#view.show(this.#meter);
  }

  /** Gives the documents that could not be read, up to the next that could, their places in the output. */
  async #skipUnread(): Promise<void> {
    for (
      let next = this.#pending[0];
      next !== undefined && isFailure(next.content);
      next = this.#pending[0]
    ) {
      this.#pending.shift();
      await this.#output.skip();
    }
  }

  #tell(id: string | number, where: string, { code, message }: ReadFailure | LongEmbedError): void {
    this.#meter.fail();
    const name = where === id ? where : `${where} (id ${JSON.stringify(id)})`;
    this.#view.message(`longembed: ${name}: ${code}: ${message}`);
  }

  #interrupted(reason: Interrupted): number {
    const written = plural(this.#meter.documents - this.#meter.failed, 'document');
    this.#view.message(`longembed: interrupted (${reason.signal}); what was done is written: ${written}`);
    return reason.exitCode;
  }

  #conclude(): number {
    const { documents, failed } = this.#meter;
    this.#view.summary(
      documents === 0 ? 'longembed: the input holds no documents' : `longembed: ${this.#meter.summary}`,
    );
    return failed > 0 ? EXIT.someFailed : EXIT.done;
  }
}
