import { once } from 'node:events';
import { stat } from 'node:fs/promises';
import type { Worker } from 'node:worker_threads';
import { LongEmbedError, readFailure, startFailure } from '../error.js';
import type { NativeJob } from '../native/index.js';
import type { WorkerAnswer, WorkerData } from './huggingface-worker.js';
import { startThread } from '../entry.js';
import type { Tokenizer } from './tokenizer.js';

interface Request {
  readonly text: string;
  resolve(ids: Int32Array): void;
  reject(error: LongEmbedError): void;
}

function unusable(path: string, why: string): LongEmbedError {
  return new LongEmbedError(
    'ERR_TOKENIZER',
    `The option tokenizer, ${path}, is not a usable tokenizer.json: ${why}`,
  );
}

/** A thread that waits for the other end of a pipe cannot be ended, and neither can the process then. */
async function refuseUnreadable(path: string): Promise<void> {
  const stats = await stat(path).catch((error: unknown) => {
    throw unusable(path, `${readFailure(error)}.`);
  });
  if (!stats.isFile()) throw unusable(path, 'it is not a regular file.');
}

/**
 * A tokenizer.json through @huggingface/tokenizers, in a worker thread. Texts wait here and go to the thread one at a
 * time, so one that is cancelled while it waits costs nothing.
 */
export class HuggingFaceTokenizer implements Tokenizer {
  readonly #data: WorkerData;
  #worker: Worker | null = null;
  #running: Request | null = null;
  #waiting: Request[] = [];
  #disposed: LongEmbedError | null = null;

  private constructor(data: WorkerData) {
    this.#data = data;
  }

  /**
   * @param path a tokenizer.json
   * @param vocabularySize of the model: no id may reach it
   * @param model path of the model's GGUF file, whose tokens the file's must be; null: there is none to compare with
   * @throws LongEmbedError ERR_TOKENIZER when the file cannot be read, its kind of tokenizer is not supported, or it has another
   *   vocabulary than the model
   */
  static async load(
    path: string,
    vocabularySize: number,
    model: string | null = null,
  ): Promise<HuggingFaceTokenizer> {
    await refuseUnreadable(path);
    const tokenizer = new HuggingFaceTokenizer({ path, vocabularySize, model });
    const why = await tokenizer.#start().then(
      (first) => ('message' in first ? first.message : null),
      (error: unknown) => startFailure(error, '--allow-worker allows the thread that reads it'),
    );
    if (why === null) {
      tokenizer.#next();
      return tokenizer;
    }
    await tokenizer.dispose();
    throw unusable(path, why);
  }

  tokenize(text: string): NativeJob<Int32Array> {
    if (this.#disposed !== null) return { promise: Promise.reject(this.#disposed), cancel: () => undefined };
    let request: Request | undefined;
    const promise = new Promise<Int32Array>((resolve, reject) => {
      request = { text, resolve, reject };
      this.#waiting.push(request);
    });
    this.#next();
    return {
      promise,
      // The thread cannot be stopped within a text: its answer is dropped.
      cancel: () => {
        this.#waiting = this.#waiting.filter((other) => other !== request);
        request?.reject(new LongEmbedError('ERR_ABORTED', 'Tokenizing was cancelled.'));
      },
    };
  }

  async dispose(): Promise<void> {
    this.#disposed ??= new LongEmbedError('ERR_DISPOSED', 'The tokenizer was disposed.');
    for (const request of this.#waiting.splice(0)) request.reject(this.#disposed);
    this.#endRunning(this.#disposed);
    await this.#worker?.terminate();
    this.#worker = null;
  }

  #next(): void {
    if (this.#running !== null) return;
    const request = this.#waiting.shift();
    if (request === undefined) {
      // An idle thread must not keep the process alive.
      this.#worker?.unref();
      return;
    }
    this.#running = request;
    const worker = this.#worker ?? this.#startWorker();
    worker.ref();
    worker.postMessage(request.text);
  }

  #endRunning(error: LongEmbedError): void {
    this.#running?.reject(error);
    this.#running = null;
  }

  /** Starts the thread; resolves to its first answer, `ready` or `unusable`. */
  async #start(): Promise<WorkerAnswer> {
    const [first] = (await once(this.#startWorker(), 'message')) as [WorkerAnswer];
    return first;
  }

  #startWorker(): Worker {
    const worker = startThread(new URL('./huggingface-worker', import.meta.url), this.#data);
    worker.on('message', (answer: WorkerAnswer) => this.#settle(answer));
    worker.on('error', (error: Error & { code?: string }) => {
      const memory = error.code === 'ERR_WORKER_OUT_OF_MEMORY';
      this.#worker = null;
      this.#endRunning(
        new LongEmbedError(
          memory ? 'ERR_OUT_OF_MEMORY' : 'ERR_TOKENIZER',
          `The tokenizer of ${this.#data.path} stopped: ${error.message}`,
          { cause: error },
        ),
      );
      this.#next();
    });
    this.#worker = worker;
    return worker;
  }

  #settle(answer: WorkerAnswer): void {
    if (answer.kind === 'ready') return;
    if (answer.kind === 'tokens') {
      this.#running?.resolve(answer.ids);
    } else {
      const length = this.#running?.text.length ?? 0;
      const message = `${this.#data.path} could not tokenize a text of ${length} characters: ${answer.message}`;
      this.#running?.reject(new LongEmbedError('ERR_TOKENIZER', message));
    }
    this.#running = null;
    this.#next();
  }
}
