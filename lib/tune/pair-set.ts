import { createHash } from 'node:crypto';
import { LongEmbedError } from '../error.js';
import { countTokens, prepareDocument } from '../model/document.js';
import type { Engine } from '../model/engine.js';
import { type EmbedSettings, resolveEmbedOptions } from '../model/options.js';
import type { NativeJob, NativeTuneBatch } from '../native/index.js';
import { type PairLine, readPairs } from './pairs-file.js';
import type { Random } from '../random.js';
import { joinTokens } from '../tokenize/index.js';
import { TokenStore } from './token-store.js';

const wait = <T>(job: NativeJob<T>): Promise<T> => job.promise;

/** Tokenized pairs. */
export class PairSet {
  /** Of the file. */
  readonly sha256: string;
  /** Texts of the file that were longer than the native context and are cut. */
  readonly truncated: number;
  readonly #queries: TokenStore;
  readonly #documents: TokenStore;
  readonly #pairs: readonly StoredPair[];

  private constructor(
    sha256: string,
    truncated: number,
    queries: TokenStore,
    documents: TokenStore,
    pairs: readonly StoredPair[],
  ) {
    this.sha256 = sha256;
    this.truncated = truncated;
    this.#queries = queries;
    this.#documents = documents;
    this.#pairs = pairs;
  }

  get length(): number {
    return this.#pairs.length;
  }

  /**
   * Reads and tokenizes a file of pairs, with the model's prompts and special tokens.
   * @param truncate whether texts beyond the native context are cut
   * @param onPair called for every pair, with how many there are so far
   * @throws LongEmbedError as `readPairs`; ERR_INPUT_TOO_LONG for a text beyond the native context, naming its line
   */
  static async read(
    path: string,
    engine: Engine,
    truncate: boolean,
    signal: AbortSignal | undefined,
    onPair: (pairs: number) => void,
  ): Promise<PairSet> {
    const hash = createHash('sha256');
    const queries = new Side(engine, 'query', truncate);
    const documents = new Side(engine, 'document', truncate);
    const pairs: StoredPair[] = [];
    for await (const pair of readPairs(path, hash, signal)) {
      const where = (side: string): string => `${path}, line ${pair.line}, "${side}"`;
      pairs.push(await storePair(pair, queries, documents, where));
      onPair(pairs.length);
    }
    return new PairSet(
      hash.digest('hex'),
      queries.truncated + documents.truncated,
      queries.store,
      documents.store,
      pairs,
    );
  }

  /**
   * Pairs as the native side takes them, each text at a random place among the rows of the position matrix.
   * @param numbers of the pairs
   */
  batch(numbers: Iterable<number>, rows: number, random: Random): NativeTuneBatch {
    const pairs = Array.from(numbers, (number) => this.#pairs[number]).filter((pair) => pair !== undefined);
    const queries = pairs.map(({ query }) => query);
    const documents = [
      ...pairs.map(({ positive }) => positive),
      ...pairs.flatMap(({ negatives }) => negatives),
    ];
    const texts = [
      ...queries.map((number) => this.#queries.tokensOf(number)),
      ...documents.map((number) => this.#documents.tokensOf(number)),
    ];
    return {
      tokens: joinTokens(texts),
      lengths: Int32Array.from(texts, ({ length }) => length),
      firstPositions: Int32Array.from(texts, ({ length }) => random.below(rows - length + 1)),
      ids: Int32Array.from([...queries, ...documents]),
      queries: pairs.length,
    };
  }

  /** All of them at once. */
  whole(rows: number, random: Random): NativeTuneBatch {
    return this.batch(this.#pairs.keys(), rows, random);
  }
}

/** Numbers of texts. */
interface StoredPair {
  readonly query: number;
  readonly positive: number;
  readonly negatives: readonly number[];
}

async function storePair(
  { query, positive, negatives }: PairLine,
  queries: Side,
  documents: Side,
  where: (side: string) => string,
): Promise<StoredPair> {
  const stored: number[] = [];
  for (const negative of negatives) stored.push(await documents.add(negative, where('negatives')));
  return {
    query: await queries.add(query, where('query')),
    positive: await documents.add(positive, where('positive')),
    negatives: stored,
  };
}

/** Queries, or documents. */
class Side {
  readonly store = new TokenStore();
  truncated = 0;
  readonly #engine: Engine;
  readonly #settings: EmbedSettings;
  readonly #truncate: boolean;

  constructor(engine: Engine, as: 'query' | 'document', truncate: boolean) {
    this.#engine = engine;
    this.#settings = resolveEmbedOptions({ as, truncate: true, extend: 'none' }, engine.settings);
    this.#truncate = truncate;
  }

  async add(text: string, where: string): Promise<number> {
    const known = this.store.find(text);
    if (known !== undefined) return known;
    try {
      const { before, content, after, truncated } = await prepareDocument(
        { text },
        this.#engine,
        this.#settings,
        wait,
      );
      if (truncated && !this.#truncate) throw await this.#tooLong(text);
      this.truncated += truncated ? 1 : 0;
      return this.store.add(text, joinTokens([before, content, after]));
    } catch (error) {
      if (!(error instanceof LongEmbedError)) throw error;
      throw new LongEmbedError(error.code, `${where}: ${error.message}`, { cause: error });
    }
  }

  async #tooLong(text: string): Promise<LongEmbedError> {
    const { tokens, estimated } = await countTokens({ text }, this.#engine, this.#settings, wait);
    return new LongEmbedError(
      'ERR_INPUT_TOO_LONG',
      `The text is ${estimated ? 'about ' : ''}${tokens} tokens with its prompt and special tokens, and the model's native context, ` +
        `which texts to tune on must fit into, is ${this.#settings.limit}. Shorten it, or set truncate to tune on the start of such texts.`,
    );
  }
}
