/** Documents of a request, which come in chunks or are cut into them: tokenized and checked before they wait for the model. */
import { throwIfAborted } from '../lib/abort.js';
import type { ChunkRule, ManyChunkInput } from '../lib/index.js';
import { checkChunkRule, type FullChunkRule } from '../lib/model/chunks/rule.js';
import { EMPTY_LINES } from '../lib/model/chunks/split.js';
import { tooManyTokens } from './admission.js';
import { ApiError } from './api-error.js';
import { checkText, contextExceeded, empty, inputName, specialTokens } from './inputs.js';
import type { Model } from './models/served-model.js';

/** A document in chunks, for the library; `texts` are checked before and their tokens counted. */
export interface ChunkedInput {
  readonly document: ManyChunkInput;
  readonly texts: readonly string[];
}

/** Chunks of all documents of a request. */
const MAX_CHUNKS = 16_000;

/** Where sentences may end by Unicode's rules, and where paragraphs do. */
const ENDS = {
  sentences: /(?:(?!\.\p{Nd})\p{Sentence_Terminal})+|[\r\n\u0085\u2028\u2029]+/gu,
  paragraphs: EMPTY_LINES,
};

/** What documents are counted against. */
interface Limits {
  readonly prompt: string;
  /** What the operator allows of a document, prompt and special tokens included. */
  readonly cap: number;
  /** What the queue takes of a request. */
  readonly maxTokens: number;
}

/**
 * The tokens that are read for the documents, with those that neighbouring chunks share once for each: each chunk is cut and pooled
 * on its own, so that a thousand chunks which share almost everything take as long as a text of all their tokens.
 * @param rule undefined: the documents come in chunks
 * @throws ApiError 400, 413
 */
export async function countTokens(
  documents: readonly ChunkedInput[],
  rule: ChunkRule | undefined,
  model: Model,
  { prompt, cap, maxTokens }: Limits,
  signal: AbortSignal,
): Promise<number> {
  const around = specialTokens(model) + (prompt === '' ? 0 : (await model.tokenize(prompt)).length);
  const cut = rule === undefined ? null : checkChunkRule(rule);
  let [tokens, chunks, shared] = [0, 0, 0];
  for (const [index, document] of documents.entries()) {
    const name = inputName(index, documents.length);
    const content = await contentTokens(
      document,
      (chunk) => (document.texts.length === 1 ? name : `Chunk ${chunk} of input ${index}`),
      model,
      signal,
    );
    if (content + around > cap) {
      throw contextExceeded(
        content + around,
        cap,
        name,
        'The server takes no more of a document: send parts.',
      );
    }
    tokens += content + around;
    // before places are looked for where chunks may end, which takes a second in a text of 30 MB
    if (tokens > maxTokens) throw tooManyTokens(tokens, maxTokens);
    if (cut === null) continue;
    const made = chunksOf(document, content, cut);
    chunks += made;
    shared += (made - 1) * cut.overlap;
    checkChunks(chunks);
  }
  if (shared > 0 && tokens + shared > maxTokens) throw tooManyShared(tokens + shared, maxTokens);
  return tokens + shared;
}

/** @throws ApiError 400 */
export function checkChunks(count: number, param = 'input'): void {
  if (count <= MAX_CHUNKS) return;
  throw new ApiError(
    400,
    `The documents of the request come to ${count} chunks, and the server takes ${MAX_CHUNKS} at once: ask for longer chunks that share less, or send fewer documents per request.`,
    { code: 'array_above_max_length', param },
  );
}

async function contentTokens(
  { document, texts }: ChunkedInput,
  nameOf: (chunk: number) => string,
  model: Model,
  signal: AbortSignal,
): Promise<number> {
  let total = typeof document === 'object' && 'tokens' in document ? document.tokens.length : 0;
  for (const [chunk, text] of texts.entries()) {
    throwIfAborted(signal);
    checkText(text, nameOf(chunk));
    const { length } = await model.tokenize(text);
    if (length === 0) throw empty(nameOf(chunk), 'gives no tokens');
    total += length;
  }
  return total;
}

/**
 * How many chunks a document is cut into. Of tokens: as many as if it were cut anywhere, not between words alone. Sentences and
 * paragraphs: at most so many, without looking for them, which takes long.
 */
function chunksOf({ texts }: ChunkedInput, tokens: number, { by, size, overlap }: FullChunkRule): number {
  if (by === 'tokens') return Math.max(1, Math.ceil((tokens - overlap) / (size - overlap)));
  const ends = texts.map((text) => text.match(ENDS[by])?.length ?? 0);
  return Math.min(
    tokens,
    ends.reduce((sum, count) => sum + count, 1),
  );
}

function tooManyShared(tokens: number, maxTokens: number): ApiError {
  return new ApiError(
    413,
    `The chunks of the request have ${tokens} tokens together, those that they share counted in each, and the server takes ${maxTokens} at once: let them overlap less, or send fewer documents per request.`,
    { code: 'request_too_large', param: 'input' },
  );
}
