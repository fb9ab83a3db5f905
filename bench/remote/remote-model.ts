import { LongEmbedError } from '../../lib/error.js';
import { count } from '../../lib/format.js';
import type { ManyResult, ModelInfo } from '../../lib/index.js';
import { checkWellFormed, isBlank } from '../../lib/tokenize/index.js';
import { nextBatch, type Outgoing } from './batches.js';
import { type Client, throwIfStopped, TooLong } from './client.js';
import type { Spending } from './spending.js';
import { beginning, SPECIAL_TOKENS, type TokenCounter } from './token-count.js';

/** `ModelInfo` as far as a server's model has one; what only a file tells is 0, null or empty. */
export type RemoteInfo = Omit<ModelInfo, 'engine'> & { readonly engine: 'remote' };

/** How texts are embedded, as `EmbedManyOptions`. */
export interface RemoteEmbedOptions {
  readonly as: 'query' | 'document' | 'raw';
  /** Cuts texts that are too long; if not, they are ERR_INPUT_TOO_LONG. */
  readonly truncate: boolean;
  /** The longest text in tokens, prompt included. */
  readonly maxTokens: number;
  readonly signal?: AbortSignal | undefined;
  /** Called after every request with the tokens of the call so far. */
  readonly onProgress?: ((progress: { tokensDone: number; tokensTotal: number }) => void) | undefined;
}

/** Text with more characters for each token is cut before it is sent: no language has so many. */
const MAX_CHARACTERS_PER_TOKEN = 16;
/** What is left of a text that is too long, where the server does not say by how much. */
const CUT = 0.85;
/** Aims a little below the limit: the end of a text may have more tokens for its characters than the rest. */
const MARGIN = 0.99;
/** Requests for one text, each shorter than the one before. */
const MAX_CUTS = 40;
/** Texts of fewer tokens for their bytes than this were probably cut by the server. */
const MAX_BYTES_PER_TOKEN = 16;

/** A model on a server, with the part of `EmbeddingModel` that the benchmark uses. */
export class RemoteModel {
  readonly remote = true;
  readonly info: RemoteInfo;
  readonly spending: Spending;
  readonly #client: Client;
  readonly #counter: TokenCounter;
  readonly #onWarning: (message: string) => void;
  /** Whether the doubt about the server's count was told. */
  #doubted = false;

  constructor(
    info: RemoteInfo,
    client: Client,
    counter: TokenCounter,
    spending: Spending,
    onWarning: (message: string) => void,
  ) {
    this.info = info;
    this.spending = spending;
    this.#client = client;
    this.#counter = counter;
    this.#onWarning = onWarning;
  }

  /** Whether `countTokens` is exact. */
  get countsExactly(): boolean {
    return this.#counter.exact;
  }

  countTokens(text: string): Promise<number> {
    return this.#counter.count(text);
  }

  /**
   * Embeds texts in requests of many, one after the other. Results come in the texts' order, as soon as they are paid for; an
   * interrupted call still gives those of the request that was under way.
   * @throws LongEmbedError what `Client.embed` throws
   */
  async *embedMany(
    texts: readonly string[],
    options: RemoteEmbedOptions,
  ): AsyncGenerator<ManyResult, undefined, undefined> {
    const prepared = new Map<number, Outgoing>();
    const prepare = async (index: number): Promise<Outgoing> => {
      const kept = prepared.get(index) ?? (await this.#prepare(index, texts[index] ?? '', options));
      prepared.set(index, kept);
      return kept;
    };
    let tokensDone = 0;
    let end = texts.length;
    for (let from = 0; from < texts.length;) {
      throwIfStopped(options.signal);
      let batch: Outgoing[];
      try {
        batch = await nextBatch(from, end, prepare, {
          dimensions: Math.max(1, this.info.dimensions),
          tokensLeft: this.spending.tokensLeft,
        });
      } catch (error) {
        if (!(error instanceof BadText)) throw error;
        if (error.index === from) {
          yield { index: error.index, error: error.reason };
          from += 1;
          continue;
        }
        end = error.index; // those before it come first
        continue;
      }
      const results = await this.#embed(batch, options);
      for (const result of results) {
        if (!('error' in result)) tokensDone += result.tokens;
        options.onProgress?.({ tokensDone, tokensTotal: tokensDone });
        prepared.delete(result.index);
        yield result;
      }
      from += results.length;
      end = texts.length;
    }
    return undefined;
  }

  async dispose(): Promise<void> {
    await this.#counter.dispose();
  }

  async #prepare(
    index: number,
    text: string,
    { as, truncate, maxTokens }: RemoteEmbedOptions,
  ): Promise<Outgoing> {
    try {
      if (isBlank(text)) throw new LongEmbedError('ERR_INPUT_EMPTY', 'The text is empty.');
      checkWellFormed(text, 'The text');
    } catch (error) {
      if (error instanceof LongEmbedError) throw new BadText(index, error);
      throw error;
    }
    const whole = (as === 'raw' ? '' : this.info.prompts[as]) + text;
    const start = beginning(whole, maxTokens * MAX_CHARACTERS_PER_TOKEN);
    let sent = start;
    if (this.#counter.exact && (await this.#counter.count(start)) > maxTokens) {
      sent = await this.#counter.cut(start, maxTokens);
    }
    const truncated = sent.length < whole.length;
    if (truncated && !truncate) throw new BadText(index, tooLongError(maxTokens));
    const bound = await this.#counter.bound(sent);
    const most = this.info.nativeContext + SPECIAL_TOKENS;
    return {
      index,
      text: sent,
      tokens: await this.#counter.count(sent),
      // A server computes no more than its model takes.
      bound: Math.min(bound, most),
      isCertain: this.#counter.exact || bound <= most,
      truncated,
    };
  }

  /** Splits what is too much for the server. */
  async #embed(batch: readonly Outgoing[], options: RemoteEmbedOptions): Promise<ManyResult[]> {
    const [first] = batch;
    if (first === undefined) return [];
    if (batch.length === 1) return [await this.#embedOne(first, options)];
    const bound = batch.reduce((sum, one) => sum + one.bound, 0);
    try {
      return await this.#request(batch, bound, options);
    } catch (error) {
      if (!(error instanceof TooLong)) throw error;
      const half = Math.ceil(batch.length / 2);
      const results = await this.#embed(batch.slice(0, half), options);
      try {
        return [...results, ...(await this.#embed(batch.slice(half), options))];
      } catch (later) {
        // The first half is paid for: it must reach the cache. The second half fails again when it is its turn.
        if (later instanceof LongEmbedError) return results;
        throw later;
      }
    }
  }

  /** A text whose length only the server knows is cut at what it refuses. */
  async #embedOne(given: Outgoing, options: RemoteEmbedOptions): Promise<ManyResult> {
    let text = given;
    for (let cuts = 0; ; cuts++) {
      try {
        const [result] = await this.#request([text], text.bound, options);
        if (result === undefined) throw new Error('there is no result');
        return result;
      } catch (error) {
        if (!(error instanceof TooLong)) throw error;
        if (!options.truncate)
          return { index: text.index, error: tooLongError(options.maxTokens, error.tokens) };
        const keep =
          error.tokens !== null && error.tokens > this.info.nativeContext
            ? (this.info.nativeContext / error.tokens) * MARGIN
            : CUT;
        const shorter = beginning(text.text, Math.floor(text.text.length * keep));
        if (cuts >= MAX_CUTS || isBlank(shorter)) {
          throw new LongEmbedError(
            'ERR_BACKEND',
            `The server refuses the text as too long, although it was cut to ${text.text.length} characters: ${error.said}.`,
          );
        }
        text = { ...text, text: shorter, tokens: await this.#counter.count(shorter), truncated: true };
      }
    }
  }

  async #request(
    batch: readonly Outgoing[],
    bound: number,
    { signal }: RemoteEmbedOptions,
  ): Promise<ManyResult[]> {
    const { dimensions } = this.info;
    const { vectors, tokens } = await this.#client.embed(
      batch.map(({ text }) => text),
      bound,
      dimensions,
      signal,
    );
    if (tokens !== null) this.#doubt(batch, tokens);
    const counts =
      this.#counter.exact || tokens === null ? batch.map((one) => one.tokens) : shares(batch, tokens);
    return batch.map(({ index, truncated }, i) => ({
      index,
      embedding: vectors[i] ?? new Float32Array(dimensions),
      tokens: counts[i] ?? 0,
      windows: 1,
      truncated,
    }));
  }

  /** Some servers cut long texts without saying so. */
  #doubt(batch: readonly Outgoing[], tokens: number): void {
    if (this.#doubted) return;
    const expected = this.#counter.exact
      ? batch.reduce((sum, one) => sum + one.tokens, 0)
      : batch.reduce((sum, one) => sum + Buffer.byteLength(one.text), 0) / MAX_BYTES_PER_TOKEN;
    if (tokens >= expected * 0.95) return;
    this.#doubted = true;
    this.#onWarning(
      `the server counted ${count(tokens)} tokens where ${this.#counter.exact ? '' : 'at least '}${count(expected)} were expected: ` +
        'it may have cut texts without saying so. If its model takes fewer tokens, say how many with --native-context.',
    );
  }
}

/** A text that cannot be sent. */
class BadText extends Error {
  readonly index: number;
  readonly reason: LongEmbedError;

  constructor(index: number, reason: LongEmbedError) {
    super(reason.message);
    this.index = index;
    this.reason = reason;
  }
}

function tooLongError(limit: number, tokens: number | null = null): LongEmbedError {
  const length = tokens === null ? 'more tokens' : `${count(tokens)} tokens, more`;
  return new LongEmbedError(
    'ERR_INPUT_TOO_LONG',
    `The text has ${length} than the limit of ${count(limit)}.`,
  );
}

/** Whole numbers of tokens in proportion to the estimates, whose sum is what the server counted. */
function shares(batch: readonly Outgoing[], total: number): number[] {
  const all = batch.reduce((sum, one) => sum + one.tokens, 0);
  let [estimated, given] = [0, 0];
  return batch.map(({ tokens }) => {
    estimated += tokens;
    const until = Math.round((total * estimated) / Math.max(1, all));
    const share = until - given;
    given = until;
    return share;
  });
}
