import {
  type ChunkRule,
  type EmbedManyOptions,
  LongEmbedError,
  type ManyChunkInput,
  type ManyChunksResult,
  type ManyInput,
  type ManyResult,
} from '../lib/index.js';
import { plural } from '../lib/format.js';
import { omit } from '../lib/omit.js';
import type { DocumentFailure } from '../lib/vector-file/rows.js';
import type { Model } from './context.js';
import { EXIT, Interrupted } from './exit.js';
import { type InputDocument, isFailure } from './input/input.js';
import type { LazyOutput } from './output/output.js';
import type { Meter } from './progress/meter.js';
import type { View } from './progress/views.js';

/** A document that comes in chunks alone has no single text: that its chunks are lost must not go unnoticed. */
function withoutChunks(content: InputDocument['content']): InputDocument['content'] {
  if (typeof content === 'string' || isFailure(content) || !('chunks' in content)) return content;
  return new LongEmbedError(
    'ERR_INVALID_OPTION',
    'The line has "chunks" and no text: give --chunks for their vectors.',
  );
}

/** One run of `longembed embed`: feeds documents to the model and puts results and failures in input order. */
export class DocumentRun {
  readonly #model: Model;
  readonly #output: LazyOutput;
  readonly #view: View;
  readonly #meter: Meter;
  readonly #signal: AbortSignal;
  readonly #warned = new Set<string>();
  /** Documents that are read but not yet written, in order. */
  readonly #pending: Omit<InputDocument, 'bytes' | 'warning'>[] = [];

  constructor(model: Model, output: LazyOutput, view: View, meter: Meter, signal: AbortSignal) {
    this.#model = model;
    this.#output = output;
    this.#view = view;
    this.#meter = meter;
    this.#signal = signal;
  }

  /**
   * @param chunks how texts are cut; null: each gets one vector, unless it comes in chunks
   * @returns the exit code
   */
  async embed(
    documents: AsyncIterable<InputDocument>,
    options: EmbedManyOptions,
    chunks: ChunkRule | null = null,
  ): Promise<number> {
    const onProgress: EmbedManyOptions['onProgress'] = (progress) => {
      this.#meter.computed(progress);
      this.#view.show(this.#meter);
    };
    try {
      const all = { ...options, signal: this.#signal, onProgress };
      const results =
        chunks === null
          ? this.#model.embedMany(this.#feed(documents) as AsyncIterable<ManyInput>, all)
          : this.#model.embedManyChunks(this.#feed(documents, true) as AsyncIterable<ManyChunkInput>, {
              ...omit(all, 'vectors'),
              chunks,
            });
      for await (const result of results) await this.#settle(result);
      await this.#skipUnread();
      if (await this.#output.finish()) {
        this.#view.message('longembed: no document gave a vector: the older output is kept');
      }
    } catch (error) {
      if (this.#signal.reason instanceof Interrupted) return this.#interrupted(this.#signal.reason);
      throw error;
    }
    this.#view.end();
    return this.#conclude();
  }

  /** Passes readable documents to the model; a failure is reported at once and keeps its place in the output. */
  async *#feed(
    documents: AsyncIterable<InputDocument>,
    inChunks = false,
  ): AsyncGenerator<ManyInput | ManyChunkInput> {
    for await (const { id, where, bytes, content: given, warning } of documents) {
      const content = inChunks ? given : withoutChunks(given);
      if (warning !== undefined) this.#warn(where, warning);
      this.#meter.read(bytes);
      this.#pending.push({ id, where, content: isFailure(content) ? content : '' });
      if (isFailure(content)) this.#tell(id, where, content);
      else if (typeof content === 'string') yield { id, text: content };
      else yield 'chunks' in content ? { id, chunks: content.chunks } : { id, tokens: content };
    }
  }

  async #settle(result: ManyResult | ManyChunksResult): Promise<void> {
    await this.#skipUnread();
    const document = this.#pending.shift();
    if (document === undefined) throw new Error('the model gave more results than there were documents');
    if ('error' in result) {
      this.#tell(document.id, document.where, result.error);
      await this.#output.skip(document.id, result.error);
    } else {
      await this.#output.write(document.id, result);
      this.#meter.done(result);
    }
    this.#view.show(this.#meter);
  }

  /** Skips the documents that could not be read, up to the next readable one, in the output. */
  async #skipUnread(): Promise<void> {
    for (
      let next = this.#pending[0];
      next !== undefined && isFailure(next.content);
      next = this.#pending[0]
    ) {
      this.#pending.shift();
      await this.#output.skip(next.id, next.content);
    }
  }

  /** Once for a kind: a folder of such files would fill the screen. */
  #warn(where: string, warning: string): void {
    if (this.#warned.has(warning)) return;
    this.#warned.add(warning);
    this.#view.message(`longembed: warning: ${where}: ${warning}.`);
  }

  #tell(id: string | number, where: string, { code, message }: DocumentFailure): void {
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
