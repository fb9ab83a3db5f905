/** How Ollama's clients name models and pass settings that are Ollama's own. */
import { z } from 'zod';
import { ApiError } from '../api-error.js';
import type { Exchange } from '../exchange.js';
import type { ServedModel } from '../models/served-model.js';
import { fields, optional } from '../settings.js';
import { servedModel } from './route.js';

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

/** A failure in the words of Ollama that its clients look for. */
export function ollamaWords(error: unknown): unknown {
  if (!(error instanceof ApiError) || error.code !== 'context_length_exceeded') return error;
  const { status, code, param } = error;
  return new ApiError(status, `the input length exceeds the context length: ${error.message}`, {
    code,
    param,
  });
}
