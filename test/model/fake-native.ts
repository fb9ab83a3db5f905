/** A native side without a model: its vectors say which tokens came, and tests decide when and how batches end. */
import { createModel, type EmbeddingModel } from '../../lib/model/embedding-model.js';
import type { LoadOptions } from '../../lib/model/types.js';
import type {
  NativeBatch,
  NativeFacts,
  NativeJob,
  NativeMemory,
  NativeModel,
} from '../../lib/native/index.js';

export const FACTS: NativeFacts = {
  architecture: 'bert',
  name: 'a model nobody knows',
  metadata: {},
  engine: 'graph',
  engineReason: null,
  layers: 2,
  slidingLayers: 0,
  reach: 0,
  dimensions: 3,
  heads: 1,
  headsKv: 1,
  feedForward: 6,
  parameters: 100,
  sizeBytes: 400,
  quantization: 'F32',
  vocabularySize: 1000,
  contextLength: 16,
  positionEncoding: 'absolute',
  positionRows: 16,
  ropeBase: 0,
  ropeDimensions: 0,
  ropeScale: 0,
  causal: false,
  pooling: 'mean',
  tokenizer: 'wordpiece',
  normalizer: null,
  prefixTokens: [1],
  suffixTokens: [2],
  bosToken: 1,
  eosToken: 2,
  gpuLayers: 0,
  placement: [{ device: 'CPU', layers: 2 }],
  device: 'CPU',
  threads: 1,
  expressLane: false,
};

/** The same as a RoPE model. */
export const ROPE_FACTS: NativeFacts = {
  ...FACTS,
  architecture: 'jina-bert-v3',
  positionEncoding: 'rope',
  positionRows: 0,
  ropeBase: 10000,
  ropeDimensions: 4,
  ropeScale: 1,
};

export function nativeError(code: string, message = code): Error {
  return Object.assign(new Error(message), { code });
}

/** A batch that came, and its end. */
export interface SeenBatch extends NativeBatch {
  /** The sequences' tokens. */
  sequences: number[][];
  /** Whether it came into the express lane. */
  express: boolean;
  cancelled: boolean;
  /** Gives the vectors. With `hold` a test calls it, else it happens by itself. */
  finish(): void;
  fail(error: Error): void;
  progress(fraction: number): void;
}

export class FakeNative implements NativeModel {
  readonly facts: NativeFacts;
  readonly batches: SeenBatch[] = [];
  readonly tokenized: string[] = [];
  /** How often tokenizing was cancelled. */
  cancelledTexts = 0;
  disposals = 0;
  /** What `memory` was asked about, and what it answers. */
  readonly planned: NativeBatch[] = [];
  need: NativeMemory = { resident: 0, devices: [], express: 0 };
  /** Batches wait for `finish`. */
  hold = false;
  /** What a batch fails with; undefined: it does not. */
  failure: (batch: SeenBatch) => Error | undefined = () => undefined;
  /** The vector of a sequence: its first content token, its length, 1. */
  vector: (tokens: number[]) => number[] = (tokens) => [tokens[1] ?? 0, tokens.length, 1];
  /** A number in the text is that token; any other word is 999 less its length. */
  tokens: (text: string) => number[] = (text) =>
    text
      .split(/\s+/)
      .filter((word) => word !== '')
      .map((word) => (/^\d+$/.test(word) ? Number(word) : 999 - word.length));

  constructor(facts: Partial<NativeFacts> = {}) {
    this.facts = { ...FACTS, ...facts };
  }

  tokenize(text: string): NativeJob<Int32Array> {
    this.tokenized.push(text);
    const { job } = this.#job<Int32Array>((resolve) => {
      setImmediate(() => resolve(Int32Array.from(this.tokens(text))));
    });
    const cancel = () => {
      this.cancelledTexts++;
      job.cancel();
    };
    return { promise: job.promise, cancel };
  }

  embed(
    batch: NativeBatch,
    onProgress: ((fraction: number) => void) | null,
    express = false,
  ): NativeJob<Float32Array> {
    const sequences: number[][] = [];
    let offset = 0;
    for (const length of batch.lengths)
      sequences.push([...batch.tokens.subarray(offset, (offset += length))]);
    const { job, resolve, reject, state } = this.#job<Float32Array>(() => undefined);
    const seen: SeenBatch = {
      ...batch,
      sequences,
      express,
      finish: () => resolve(Float32Array.from(sequences.flatMap((tokens) => this.vector(tokens)))),
      fail: reject,
      progress: (fraction) => onProgress?.(fraction),
      get cancelled() {
        return state.cancelled;
      },
    };
    this.batches.push(seen);
    const failure = this.failure(seen);
    if (!this.hold) setImmediate(() => (failure === undefined ? seen.finish() : seen.fail(failure)));
    return job;
  }

  memory(batch: NativeBatch): NativeJob<NativeMemory> {
    this.planned.push(batch);
    return { promise: Promise.resolve(this.need), cancel: () => undefined };
  }

  dispose(): Promise<void> {
    this.disposals++;
    return Promise.resolve();
  }

  /** The model over this native side. */
  open(options: LoadOptions = {}): Promise<EmbeddingModel> {
    return createModel('fake.gguf', this, options);
  }

  #job<T>(start: (resolve: (value: T) => void) => void) {
    const state = { cancelled: false };
    let resolve: (value: T) => void = () => undefined;
    let reject: (error: Error) => void = () => undefined;
    const promise = new Promise<T>((yes, no) => {
      resolve = yes;
      reject = no;
    });
    start(resolve);
    const cancel = () => {
      state.cancelled = true;
      reject(nativeError('ERR_ABORTED'));
    };
    return { job: { promise, cancel }, resolve, reject, state };
  }
}

/** Lets everything that can happen without a test's doing happen. */
export async function settle(): Promise<void> {
  for (let i = 0; i < 3; i++) await new Promise((resolve) => setTimeout(resolve, 10));
}

/** All that an async iterable gives. */
export async function collect<T>(items: AsyncIterable<T>): Promise<T[]> {
  const all: T[] = [];
  for await (const item of items) all.push(item);
  return all;
}

/** A text of `count` tokens that starts with the token `first`. */
export function textOf(first: number, count: number): string {
  return [first, ...new Array<number>(count - 1).fill(5)].join(' ');
}
