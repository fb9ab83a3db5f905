/** What both of Ollama's endpoints that embed share: names of models, settings of its own, and how it asks to load a model. */
import { z } from 'zod';
import { ApiError } from '../api-error.js';
import { embedInputs, type EmbeddedInput } from '../embed.js';
import type { Exchange } from '../exchange.js';
import type { ServedModel } from '../models/served-model.js';
import { fields, isAbsent, optional, type Settings } from '../settings.js';
import { inputsOf, isNone } from './input.js';
import { type Call, servedModel } from './route.js';

const LATEST = ':latest';

/** Fields of both endpoints that embed. */
export const ollamaFields = {
  model: z.string('the name of a model'),
  truncate: optional(
    z
      .boolean('true or false')
      .describe(
        'Cut texts that are too long. Default: false, unlike in Ollama, so that no text is cut silently',
      ),
  ),
  extend: fields.extend,
  input_type: fields.input_type,
  keep_alive: optional(z.union([z.string(), z.number()], 'a duration').describe('Not used')),
  options: optional(z.looseObject({}, 'an object').describe('Not used')),
};

/** Ollama puts a tag to every name that has none. */
export function taggedName(id: string): string {
  return id.includes(':') ? id : id + LATEST;
}

/**
 * The model of a name: clients add the tag or leave it out, and the operator may have put one into the model's name.
 * @throws ApiError 404
 */
export function ollamaModel(name: string, exchange: Exchange): ServedModel {
  const bare = name.endsWith(LATEST) ? name.slice(0, -LATEST.length) : name;
  const known = [name, bare, bare + LATEST].find((id) => exchange.services.pool.get(id) !== undefined);
  return servedModel(known ?? name, exchange);
}

/**
 * The vectors of a request's texts; without any the model is loaded, which is how Ollama's clients ask for that.
 * @throws ApiError in the words of Ollama that its clients look for
 */
export async function ollamaEmbedded(
  texts: string | readonly string[] | null | undefined,
  served: ServedModel,
  settings: Settings,
  { exchange }: Pick<Call<unknown>, 'exchange'>,
): Promise<EmbeddedInput[]> {
  if (isAbsent(texts) || texts === '' || isNone(texts)) {
    await exchange.withModel(served, () => Promise.resolve());
    return [];
  }
  const inputs = inputsOf(texts, { exchange });
  return embedInputs(exchange, served, inputs, settings).catch((error: unknown) => {
    throw ollamaWords(error);
  });
}

function ollamaWords(error: unknown): unknown {
  if (!(error instanceof ApiError) || error.code !== 'context_length_exceeded') return error;
  const { status, code, param } = error;
  return new ApiError(status, `the input length exceeds the context length: ${error.message}`, {
    code,
    param,
  });
}
