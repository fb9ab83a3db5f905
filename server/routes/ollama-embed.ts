import { z } from 'zod';
import { cutHeader, jsonAnswer } from '../http/answer.js';
import { fields, optional, settingsOf } from '../settings.js';
import { textsOrNoneSchema } from './input.js';
import { ollamaEmbedded, ollamaFields, ollamaModel } from './ollama-model.js';
import { route } from './route.js';
import { vectorsJson } from './tei-embed.js';

const body = z.object(
  {
    ...ollamaFields,
    input: optional(textsOrNoneSchema.describe('None: the model is loaded')),
    dimensions: fields.dimensions,
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
    const { model, input } = call.body;
    const served = ollamaModel(model, exchange);
    const settings = settingsOf(call.body, served, exchange.services.policy);
    const results = await ollamaEmbedded(input, served, settings, call);
    const tokens = results.reduce((sum, result) => sum + result.tokens, 0);
    const duration = Math.round((performance.now() - exchange.started) * NS_PER_MS);
    return jsonAnswer(
      (function* () {
        yield `{"model":${JSON.stringify(model)},"embeddings":`;
        yield* vectorsJson(results);
        yield `,"total_duration":${duration},"load_duration":0,"prompt_eval_count":${tokens}}`;
      })(),
      cutHeader(results),
    );
  },
});
