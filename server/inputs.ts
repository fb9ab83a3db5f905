/** Inputs of a request, tokenized and checked before they wait for the model, so that what cannot be embedded fails at once. */
import { throwIfAborted } from '../lib/abort.js';
import { resolveExtend } from '../lib/extend/index.js';
import type { Model } from './models/served-model.js';
import { ApiError } from './api-error.js';
import type { Settings } from './settings.js';

/** A text, or content token ids of the model's own vocabulary. */
export type Input = string | readonly number[];

/** An input as the library takes it, and the tokens that it will take to compute. */
export interface Prepared {
  readonly input: { readonly text: string } | { readonly tokens: Int32Array };
  /** With prompt and special tokens, after the cut. */
  readonly tokens: number;
}

/**
 * Texts of more UTF-16 units are not tokenized here: the library reads only as much of them as it takes to see that they are too
 * long. Their tokens are estimated.
 */
const MAX_UNITS = 1 << 20;
const UNITS_PER_TOKEN = 4;
/** Texts that are tokenized at the same time. */
const PARALLEL = 16;

/**
 * @param cap what the operator allows of an input
 * @throws ApiError 400, about the first input that cannot be embedded
 */
export async function prepareInputs(
  inputs: readonly Input[],
  model: Model,
  settings: Settings,
  cap: number,
  signal: AbortSignal,
): Promise<Prepared[]> {
  const promptTokens = settings.prompt === '' ? new Int32Array(0) : await model.tokenize(settings.prompt);
  checkRoom(promptTokens.length + specialTokens(model), settings, cap);
  const prepared: Prepared[] = [];
  for (let from = 0; from < inputs.length; from += PARALLEL) {
    throwIfAborted(signal);
    const part = inputs.slice(from, from + PARALLEL);
    const results = await Promise.allSettled(
      part.map((input, i) => prepare(input, from + i, inputs.length, model, settings, promptTokens)),
    );
    for (const result of results) {
      if (result.status === 'rejected') throw result.reason;
      prepared.push(result.value);
    }
  }
  return prepared;
}

async function prepare(
  input: Input,
  index: number,
  count: number,
  model: Model,
  settings: Settings,
  promptTokens: Int32Array,
): Promise<Prepared> {
  const { info } = model;
  const name = inputName(index, count);
  const special = specialTokens(model);
  const within = (tokens: number): number => {
    if (tokens <= settings.limit) return tokens;
    if (!settings.truncate) throw tooLong(tokens, name, model, settings);
    return settings.limit;
  };
  if (typeof input !== 'string') {
    const tokens = checkTokens(input, name, info.vocabularySize);
    return { input: { tokens }, tokens: within(tokens.length + promptTokens.length + special) };
  }
  checkText(input, name);
  if (input.length > MAX_UNITS) {
    const estimate = Math.ceil(input.length / UNITS_PER_TOKEN);
    return { input: { text: input }, tokens: Math.min(estimate, settings.limit) };
  }
  // Prompt and text are one string to the tokenizer. Where a token spans the seam, the library looks for it itself.
  const all = await model.tokenize(settings.prompt + input);
  const seamless = promptTokens.every((token, at) => all[at] === token);
  const content = all.subarray(promptTokens.length);
  if (all.length === 0 || (seamless && content.length === 0)) throw empty(name, 'gives no tokens');
  return {
    input: seamless ? { tokens: content } : { text: input },
    tokens: within(all.length + special),
  };
}

/** What an input is called in errors. */
export function inputName(index: number, count: number): string {
  return count === 1 ? 'The input' : `Input ${index}`;
}

/** How many tokens the model puts around a text. */
export function specialTokens({ info }: Model): number {
  return info.specialTokens.prefix.length + info.specialTokens.suffix.length;
}

/** @param taken tokens of prompt and special tokens @throws ApiError 400 where no text would have room beside them */
function checkRoom(taken: number, { limit, extend }: Settings, cap: number): void {
  if (taken < limit) return;
  const rest = `prompt and special tokens take ${taken} tokens, so that no text has room beside them`;
  if (limit < Math.min(extend.limit, cap)) {
    throw new ApiError(400, `truncate_prompt_tokens is ${limit}, and ${rest}: give more than ${taken}.`, {
      code: 'invalid_value',
      param: 'truncate_prompt_tokens',
    });
  }
  throw new ApiError(
    400,
    `This model's maximum context length is ${limit} tokens, and ${rest}: use a shorter prompt.`,
    { code: 'context_length_exceeded', param: 'prompt' },
  );
}

/** @throws ApiError 400 for a text that is blank or not well-formed */
export function checkText(text: string, name: string): void {
  if (text.trim() === '') throw empty(name, text === '' ? 'is empty' : 'is only white space');
  if (text.isWellFormed()) return;
  throw new ApiError(400, `${name} is not well-formed Unicode: it has half of a surrogate pair.`, {
    code: 'ERR_TOKENIZER',
    param: 'input',
  });
}

export function empty(name: string, how: string): ApiError {
  return new ApiError(400, `${name} ${how}: there is nothing to embed. Leave such inputs out.`, {
    code: 'ERR_INPUT_EMPTY',
    param: 'input',
  });
}

/** @throws ApiError 400 */
function checkTokens(ids: readonly number[], name: string, vocabularySize: number): Int32Array {
  if (ids.length === 0) throw empty(name, 'has no tokens');
  const wrong = ids.find((id) => id >= vocabularySize);
  if (wrong === undefined) return Int32Array.from(ids);
  throw new ApiError(
    400,
    `${name} has the token ${wrong}, and the vocabulary of this model ends at ${vocabularySize - 1}. Token ids must be the model's ` +
      "own, as /tokenize gives them; clients that send OpenAI's (tiktoken) must be told to send text.",
    { code: 'ERR_TOKENIZER', param: 'input' },
  );
}

/** In the words by which clients recognize it, and what to do. */
export function tooLong(tokens: number, name: string, model: Model, { limit, extend }: Settings): ApiError {
  const ways = ['send less text', 'set "truncate": true to embed its start'];
  const longer = tokens > extend.limit ? longerExtend(tokens, model) : null;
  if (longer !== null) ways.push(`use a strategy that takes more ("extend": "${longer}")`);
  return contextExceeded(tokens, limit, name, `Reduce the length: ${ways.join(', or ')}.`);
}

/** @param advice a sentence */
export function contextExceeded(tokens: number, limit: number, name: string, advice: string): ApiError {
  const what = name === 'The input' ? 'your input' : name.toLowerCase();
  return new ApiError(
    400,
    `This model's maximum context length is ${limit} tokens, however you requested ${tokens} tokens (${tokens} in ${what}, prompt and special tokens included). ${advice}`,
    { code: 'context_length_exceeded', param: 'input' },
  );
}

/** Windows that take so many tokens: every model supports them. */
function longerExtend(tokens: number, { info }: Model): string | null {
  try {
    return resolveExtend({ method: 'pcw', target: Math.ceil(tokens / 1024) * 1024 }, info).spec;
  } catch {
    return null;
  }
}
