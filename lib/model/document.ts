import { LongEmbedError } from '../error.js';
import {
  planDocument,
  type WindowPlan,
  resolveExtend,
  type Extend,
  type StrategyContext,
  type Method,
} from '../extend/index.js';
import type { NativeJob } from '../native/index.js';
import { checkTokenIds, checkWellFormed, isBlank, joinTokens } from '../tokenize/index.js';
import { tokenizeUpTo } from './document-tokens.js';
import type { Engine } from './engine.js';
import type { DocumentInput } from './input.js';
import type { EmbedSettings } from './options.js';
import type { Part, PoolRange } from './parts.js';
import type { TokenCount } from './types.js';

/** A document, tokenized and planned. */
export interface Document {
  /** Special tokens and prompt, before the content of every window. */
  readonly before: Int32Array;
  readonly content: Int32Array;
  /** Special tokens after it. */
  readonly after: Int32Array;
  readonly plans: readonly WindowPlan[];
  /** Content, prompt and special tokens, each once. */
  readonly tokens: number;
  readonly truncated: boolean;
  /** What gets a vector of its own beside the document: its chunks, or its windows. */
  readonly parts: readonly Part[];
  /** Of each window: what is pooled. Null: the window as a whole, as the pooling says. */
  readonly pools: readonly (readonly PoolRange[])[] | null;
}

/** Waits for a job and lets the caller cancel it meanwhile. */
export type Track = <T>(job: NativeJob<T>) => Promise<T>;

/** @throws LongEmbedError ERR_INPUT_EMPTY, ERR_INPUT_TOO_LONG, ERR_TOKENIZER, … */
export async function prepareDocument(
  input: DocumentInput,
  engine: Engine,
  settings: EmbedSettings,
  track: Track,
): Promise<Document> {
  const { prompt, content: all, estimate } = await tokenize(input, engine, settings, track);
  if (all.length === 0) throw emptyInput('gives no tokens');

  const { prefix, suffix } = engine.settings.specialTokens;
  const overhead = prefix.length + prompt.length + suffix.length;
  const capacity = settings.limit - overhead;
  const truncated = all.length > capacity;
  if (truncated && (capacity < 1 || !settings.truncate)) {
    const length = { content: estimate ?? all.length, overhead, estimated: estimate !== null };
    throw tooLong(length, settings, engine.settings.strategyContext);
  }
  // A copy, so that the ids of a text of megabytes do not stay in memory for its first few thousand.
  const content = truncated ? all.slice(0, capacity) : all;
  const plans = planDocument(settings.extend, engine.settings.strategyContext, content.length, {
    before: prefix.length + prompt.length,
    after: suffix.length,
  });
  return {
    before: joinTokens([prefix, prompt]),
    content,
    after: Int32Array.from(suffix),
    plans,
    tokens: content.length + overhead,
    truncated,
    parts:
      settings.vectors === 'windows'
        ? plans.map(({ from, to }) => ({ start: null, end: null, tokenStart: from, tokenEnd: to }))
        : [],
    pools: null,
  };
}

/** How long a document is, without embedding it. @throws LongEmbedError ERR_INPUT_EMPTY, ERR_TOKENIZER */
export async function countTokens(
  input: DocumentInput,
  engine: Engine,
  settings: Pick<EmbedSettings, 'prompt' | 'limit'>,
  track: Track,
): Promise<TokenCount> {
  const { limit } = settings;
  const { prompt, content, estimate } = await tokenize(
    input,
    engine,
    { ...settings, truncate: false },
    track,
  );
  if (content.length === 0) throw emptyInput('gives no tokens');
  const { prefix, suffix } = engine.settings.specialTokens;
  const tokens = (estimate ?? content.length) + prefix.length + prompt.length + suffix.length;
  return { tokens, estimated: estimate !== null, limit };
}

interface Tokens {
  readonly prompt: Int32Array;
  /** Of the text, or of more of its start than the limit allows. */
  readonly content: Int32Array;
  /** How many tokens the content of the whole text has, when `content` is only its start. */
  readonly estimate: number | null;
}

async function tokenize(
  input: DocumentInput,
  engine: Engine,
  { prompt, limit, truncate }: Pick<EmbedSettings, 'prompt' | 'limit' | 'truncate'>,
  track: Track,
): Promise<Tokens> {
  if ('tokens' in input) {
    const content = checkTokenIds(input.tokens, engine.native.facts.vocabularySize);
    return { prompt: await engine.promptTokens.get(prompt), content, estimate: null };
  }
  checkWellFormed(input.text, 'The text');
  if (isBlank(input.text)) throw emptyInput(input.text === '' ? 'is empty' : 'is only white space');
  const alone = await engine.promptTokens.get(prompt);
  // Prompt and text are one string to the tokenizer, as the models were trained: a token may span the seam, and is
  // then content. The prompt's tokens are those that the text after it leaves as they are.
  const { ids: joint, estimate } = await tokenizeUpTo(prompt + input.text, limit, truncate, (text) =>
    track(engine.tokenizer.tokenize(text)),
  );
  const seam = commonPrefix(alone, joint);
  return { prompt: joint.subarray(0, seam), content: joint.subarray(seam), estimate };
}

export function commonPrefix(a: Int32Array, b: Int32Array): number {
  let length = 0;
  while (length < a.length && length < b.length && a[length] === b[length]) length++;
  return length;
}

export function emptyInput(how: string): LongEmbedError {
  return new LongEmbedError(
    'ERR_INPUT_EMPTY',
    `The input ${how}: there is nothing to embed. Leave such documents out.`,
  );
}

/** The length of a document that is too long, in tokens. */
export interface Length {
  /** Of the text. */
  readonly content: number;
  /** Of the prompt and the special tokens. */
  readonly overhead: number;
  /** Whether `content` is an estimate. */
  readonly estimated?: boolean;
}

/** The error about a document that is too long: its length, the limit, and what to do. */
export function tooLong(
  { content, overhead, estimated = false }: Length,
  settings: EmbedSettings,
  context: StrategyContext,
): LongEmbedError {
  const { limit, extend } = settings;
  const n = content + overhead;
  const limited =
    limit < extend.limit ? `the option maxTokens allows ${limit}` : `"${extend.spec}" takes ${limit}`;
  if (overhead >= limit) {
    return error(
      `The prompt and special tokens alone are ${overhead} tokens, and ${limited}. Give a shorter prompt or a higher limit.`,
    );
  }
  // The advice must hold also when the estimate is too low.
  const target = estimated ? 1.25 * n : n;
  const ways = [
    ...(limit < extend.limit ? ['raise maxTokens'] : []),
    ...(n > extend.limit ? longer(target, extend.method, context) : []),
  ];
  const cut = 'set truncate to embed its start';
  const advice = ways.length === 0 ? cut : `${ways.join(', ')}, or ${cut}`;
  return error(
    `The text is ${estimated ? `about ${Number(n.toPrecision(2))}` : n} tokens with its prompt and special tokens, but ${limited}: ${advice}.`,
  );
}

/** Advice on a strategy that takes n tokens: the one in use with a higher target, else windows, which every model takes. */
function longer(n: number, method: Method, context: StrategyContext): string[] {
  const target = Math.ceil(n / 1024) * 1024;
  const candidates: Extend[] = [
    ...(method === 'none' ? [] : [{ method, target }]),
    { method: 'pcw', target },
  ];
  for (const candidate of candidates) {
    try {
      return [`set extend to "${resolveExtend(candidate, context).spec}"`];
    } catch {
      // This model does not support that strategy up to this target.
    }
  }
  return [];
}

function error(message: string): LongEmbedError {
  return new LongEmbedError('ERR_INPUT_TOO_LONG', message);
}
