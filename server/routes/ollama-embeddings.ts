import { z } from 'zod';
import { cutHeader, jsonAnswer, vectorJson } from '../http/answer.js';
import { optional, settingsOf } from '../settings.js';
import { ollamaEmbedded, ollamaFields, ollamaModel } from './ollama-model.js';
import { route } from './route.js';

const body = z.object(
  {
    ...ollamaFields,
    prompt: optional(z.string('a string').describe('The text. None: the model is loaded')),
  },
  'an object with model and prompt',
);

/** Ollama's endpoint before /api/embed: one text, and its vector as the model gives it. */
export const ollamaEmbeddings = route({
  method: 'post',
  path: '/api/embeddings',
  summary: 'The vector of one text, not scaled to length 1 (as in the API of Ollama)',
  flavour: 'ollama',
  body,
  answer: z.object({ embedding: z.array(z.number()) }),
  async handle(call) {
    const { exchange } = call;
    const { prompt: text, model, truncate, extend, input_type } = call.body;
    const served = ollamaModel(model, exchange);
    const asked = { truncate, extend, input_type, normalize: false };
    const settings = settingsOf(asked, served, exchange.services.policy);
    const results = await ollamaEmbedded(text, served, settings, call);
    const [vector = '[]'] = results.map(({ embedding }) => vectorJson(embedding, 'float'));
    return jsonAnswer([`{"embedding":${vector}}`], cutHeader(results));
  },
});
