import { z } from 'zod';
import { ApiError } from '../api-error.js';
import { embedInputs } from '../embed.js';
import { cutHeader, jsonAnswer } from '../http/answer.js';
import { fields, optional, settingsOf } from '../settings.js';
import { inputsOf, textsSchema } from './input.js';
import { route, servedModel } from './route.js';
import { vectorsJson } from './tei-embed.js';

const body = z.object(
  {
    model: z.string('the name of a model'),
    input: textsSchema,
    truncate: optional(
      z
        .boolean('true or false')
        .describe(
          'Cut texts that are too long. Default: false, unlike in Ollama, so that no text is cut silently',
        ),
    ),
    dimensions: fields.dimensions,
    extend: fields.extend,
    input_type: fields.input_type,
    keep_alive: optional(z.union([z.string(), z.number()], 'a duration').describe('Not used')),
    options: optional(z.looseObject({}, 'an object').describe('Not used')),
  },
  'an object with model and input',
);

const answer = z.object({
  model: z.string(),
  embeddings: z.array(z.array(z.number())),
  total_duration: z.int().describe('Nanoseconds'),
  load_duration: z.int(),
  prompt_eval_count: z.int().describe('Tokens'),
});

const NS_PER_MS = 1e6;

/** Ollama's endpoint. */
export const ollamaEmbed = route({
  method: 'post',
  path: '/api/embed',
  summary: 'Embeddings (as in the API of Ollama)',
  flavour: 'ollama',
  body,
  answer,
  async handle(call) {
    const { exchange } = call;
    // Ollama's clients write the tag of a model that has none
    const served = servedModel(call.body.model.replace(/:latest$/, ''), exchange);
    const settings = settingsOf(call.body, served, exchange.services.policy);
    const inputs = inputsOf(call.body.input, call);
    const results = await embedInputs(exchange, served, inputs, settings).catch((error: unknown) => {
      throw ollamaWords(error);
    });
    const tokens = results.reduce((sum, result) => sum + result.tokens, 0);
    const duration = Math.round((performance.now() - exchange.started) * NS_PER_MS);
    return jsonAnswer(
      (function* () {
        yield `{"model":${JSON.stringify(call.body.model)},"embeddings":`;
        yield* vectorsJson(results);
        yield `,"total_duration":${duration},"load_duration":0,"prompt_eval_count":${tokens}}`;
      })(),
      cutHeader(results),
    );
  },
});

/** The words of Ollama that its clients look for. */
function ollamaWords(error: unknown): unknown {
  if (!(error instanceof ApiError) || error.code !== 'context_length_exceeded') return error;
  const { status, code, param } = error;
  return new ApiError(status, `the input length exceeds the context length: ${error.message}`, {
    code,
    param,
  });
}
